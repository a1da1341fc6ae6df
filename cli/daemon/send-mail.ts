/**
 * Mail actions on one machine: this host's sendmail carries them. Mails are queued and sent one after the other, so that
 * a slow whois never holds a ban up; what is still queued at the end of the process is lost, the ban is not.
 */
import { spawn } from "node:child_process";
import type { Ban } from "../../shared/core/ban.ts";
import { banMail, type Teller } from "../../shared/core/report/mail-text.ts";
import type { MailAction, Notice, Notifier } from "../../shared/ports/notifier.ts";
import type { Whois } from "../../shared/ports/whois.ts";
import { reasonOf } from "../failure.ts";
import { messageOf } from "./mail-text.ts";

export interface MailDeps {
  readonly warn: (message: string) => void;
  readonly whois: Whois;
  /** This host. */
  readonly teller: Teller;
  /** The mail program; Fail2Ban's default. */
  readonly sendmail?: string;
}

const MOST_QUEUED = 1_000;
const MAIL_PATIENCE = 60_000;

export interface MailNotifier extends Notifier {
  /** Waits until everything queued so far is sent or has failed. */
  drain(): Promise<void>;
}

export function createMailNotifier(deps: MailDeps): MailNotifier {
  const { warn, whois, teller, sendmail = "/usr/sbin/sendmail" } = deps;
  let queued = 0;
  let last: Promise<void> = Promise.resolve();
  const send = async (action: MailAction, ban: Ban): Promise<void> => {
    try {
      if (/^\s*-/.test(action.dest)) throw new Error(`${action.dest} is no address`);
      const { subjectName, lines } = action;
      const answer = action.whois ? await whois.about(ban.id) : undefined;
      const mail = banMail({ ban, subjectName, whois: answer, lines, teller });
      await hand(sendmail, ["-i", "-f", action.sender, action.dest], messageOf(mail, action, new Date()));
    } catch (error) {
      // The ban holds without its mail; a person reads this in the log.
      warn(`no mail to ${action.dest} about ${ban.id} in ${ban.jail}: ${reasonOf(error)}`);
    }
  };
  return {
    async notify(notices: readonly Notice[]) {
      for (const notice of notices) {
        if (queued >= MOST_QUEUED) {
          warn(`no mail about ${notice.ban.id} in ${notice.ban.jail}: ${MOST_QUEUED} mails wait already`);
          continue;
        }
        queued++;
        const { action, ban } = notice;
        last = last.then(() => send(action, ban)).finally(() => queued--);
      }
    },
    drain: () => last,
  };
}

function hand(command: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"], timeout: MAIL_PATIENCE });
    // A program that does not read its input is no reason to fail: its exit code says what came of it.
    child.stdin.on("error", () => undefined).end(input);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(signal === null ? `${command} failed with ${code}` : `${command} took too long`));
    });
  });
}
