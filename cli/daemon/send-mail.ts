/**
 * Mail actions on one machine: this host's sendmail carries them. Mails are queued and sent one after the other, so that
 * a slow whois never holds a ban up; what is still queued at the end of the process is lost, the ban is not.
 */
import { spawn } from "node:child_process";
import type { Ban } from "../../shared/core/ban.ts";
import type { MailAction, Notice, Notifier } from "../../shared/ports/notifier.ts";
import { reasonOf } from "../failure.ts";
import { mailText } from "./mail-text.ts";

export interface MailDeps {
  readonly warn: (message: string) => void;
  /** The mail program; Fail2Ban's default. */
  readonly sendmail?: string;
  readonly whois?: string;
}

const MOST_QUEUED = 1_000;
const MAIL_PATIENCE = 60_000;
const WHOIS_PATIENCE = 20_000;
const WHOIS_LIMIT = 20_000;

export interface MailNotifier extends Notifier {
  /** Waits until everything queued so far is sent or has failed. */
  drain(): Promise<void>;
}

export function createMailNotifier({ warn, sendmail = "/usr/sbin/sendmail", whois = "whois" }: MailDeps): MailNotifier {
  let queued = 0;
  let last: Promise<void> = Promise.resolve();
  const send = async (action: MailAction, ban: Ban): Promise<void> => {
    try {
      if (/^\s*-/.test(action.dest)) throw new Error(`${action.dest} is no address`);
      const said = action.whois ? await run(whois, [ban.id], "", WHOIS_PATIENCE).catch(reasonOf) : undefined;
      const text = mailText({ action, ban, whois: said?.slice(0, WHOIS_LIMIT), at: new Date() });
      await run(sendmail, ["-i", "-f", action.sender, action.dest], text, MAIL_PATIENCE);
    } catch (error) {
      // The ban holds without its mail; a person reads this in the log.
      warn(`no mail to ${action.dest} about ${ban.id} in ${ban.jail}: ${reasonOf(error)}`);
    }
  };
  return {
    async notify(notices: readonly Notice[]) {
      for (const notice of notices) {
        if (notice.kind !== "banned") continue;
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

function run(command: string, args: readonly string[], input: string, patience: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], timeout: patience });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < WHOIS_LIMIT) output += text;
    });
    // A program that does not read its input is no reason to fail: its exit code says what came of it.
    child.stdin.on("error", () => undefined).end(input);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0 || (output !== "" && signal === null && input === "")) resolve(output);
      else reject(new Error(signal === null ? `${command} failed with ${code}` : `${command} took too long`));
    });
  });
}
