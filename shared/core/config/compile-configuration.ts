/**
 * The configuration compiler: files in, jails and problems out.
 *
 * A jail with a mistake is left out and the others stand. What makes the meaning of the whole doubtful (a file that
 * cannot be parsed, a reference that leads nowhere) leaves all of them out: nothing is ever half-loaded.
 */
import { ConfigFault, fatalFault } from "./config-fault.ts";
import type { ConfigFiles } from "./files.ts";
import { readGeneralOptions } from "./general-options.ts";
import { DEFAULT_SECTION } from "./ini.ts";
import { readOption } from "./interpolate.ts";
import { typeJail } from "./jail-config.ts";
import type { Loader } from "./loader.ts";
import { createLoader } from "./loader.ts";
import { locate } from "./located-text.ts";
import type { Configuration, JailConfig } from "./model.ts";
import type { Problem } from "./problem.ts";
import type { ResolvedJail } from "./resolve-jail.ts";
import { resolveJail } from "./resolve-jail.ts";
import type { Store } from "./store.ts";
import { INCLUDES_SECTION, KNOWN_PREFIX } from "./store.ts";
import { unknownFilterNames, unknownJailNames } from "./unknown-names.ts";

/** What `%(fail2ban_version)s` means: the release whose configuration dialect this is. It occurs in user agents of actions. */
const FAIL2BAN_VERSION = "1.0.2";

export interface CompileOptions {
  /** What `%(fail2ban_confpath)s` means: where the files are on the host. Default /etc/fail2ban. */
  readonly configurationPath?: string;
  /** Treat every jail as enabled: what `check --all` wants to know. */
  readonly everyJail?: boolean;
}

/** What one section came to: the jail, or the error that leaves it out. */
export type JailOutcome =
  | { readonly kind: "resolved"; readonly jail: ResolvedJail }
  | { readonly kind: "skipped"; readonly name: string; readonly problem: Problem };

/** A configuration, with what `dump` and `check` show of the way to it. */
export interface CompiledConfiguration extends Configuration {
  /** Enabled jails, before their values got types; those of `jails` are a part of them. */
  readonly outcomes: readonly JailOutcome[];
  /** fail2ban.conf. */
  readonly general: ReadonlyMap<string, string | number>;
}

/** Compiles a configuration directory. Never throws for anything that its files say: see `problems`. */
export function compileConfiguration(files: ConfigFiles, options: CompileOptions = {}): CompiledConfiguration {
  const loader = createLoader(files);
  const problems: Problem[] = [];
  const outcomes: JailOutcome[] = [];
  const jails: JailConfig[] = [];

  const general = attempt(() => readGeneralOptions(loader));
  const store = attempt(() => loadJails(loader, options));
  let fatal = general.kind === "fatal" || store.kind === "fatal";
  const jailStore = store.kind === "done" ? store.value : { sections: new Map() };
  for (const failed of [general, store]) if (failed.kind !== "done") problems.push(failed.problem);

  for (const name of jailNames(jailStore)) {
    const jail = attempt(() => compileJail(loader, jailStore, name, options));
    if (jail.kind === "done") {
      problems.push(...jail.value.typed.problems);
      if (jail.value.resolved.enabled) outcomes.push({ kind: "resolved", jail: jail.value.resolved });
      if (jail.value.typed.jail !== undefined) jails.push(jail.value.typed.jail);
      continue;
    }
    fatal ||= jail.kind === "fatal";
    const problem = jail.kind === "fatal" ? jail.problem : { ...jail.problem, jail: name };
    problems.push(problem);
    outcomes.push({ kind: "skipped", name, problem });
  }
  problems.push(...unknownNames(loader, jailStore, outcomes));
  return {
    jails: fatal ? [] : jails,
    problems: distinct([...loader.problems, ...problems]),
    outcomes,
    general: general.kind === "done" ? general.value : new Map(),
  };
}

type Attempt<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed" | "fatal"; readonly problem: Problem };

function attempt<Value>(step: () => Value): Attempt<Value> {
  try {
    return { kind: "done", value: step() };
  } catch (error) {
    // A mistake in the configuration becomes a problem; anything else is a defect of ours and goes on.
    if (!(error instanceof ConfigFault)) throw error;
    return { kind: error.breadth === "everything" ? "fatal" : "failed", problem: error.problem };
  }
}

function compileJail(loader: Loader, store: Store, name: string, { everyJail }: CompileOptions) {
  const resolved = resolveJail(loader, store, name, everyJail);
  // Nobody reads `port` but through %(port)s: if it cannot be read, that is found where it is referred to.
  const port = attempt(() => readOption(store, name, "port")?.text);
  return { resolved, typed: typeJail(resolved, port.kind === "done" ? port.value : undefined) };
}

/** The jail configuration with the two options that are always there. Throws a ConfigFault where there is none. */
function loadJails(loader: Loader, options: CompileOptions): Store {
  const store = loader.load("jail");
  if (store === undefined) {
    const next = "Add jail.local, or a file in jail.d that ends in .conf or .local.";
    throw fatalFault("missing-file", "there is no jail configuration", { file: "jail.conf", line: 1 }, next);
  }
  const given = { fail2ban_version: FAIL2BAN_VERSION, fail2ban_confpath: options.configurationPath ?? "/etc/fail2ban" };
  const place = { file: "jail.conf", line: 1 };
  const defaults = store.sections.get(DEFAULT_SECTION) ?? { place, options: new Map() };
  const values = new Map(defaults.options);
  for (const [name, value] of Object.entries(given)) values.set(name, locate(value, place));
  return { sections: new Map(store.sections).set(DEFAULT_SECTION, { place: defaults.place, options: values }) };
}

function jailNames(store: Store): string[] {
  const others = [DEFAULT_SECTION, INCLUDES_SECTION];
  return [...store.sections.keys()].filter((name) => !others.includes(name) && !name.startsWith(KNOWN_PREFIX));
}

function unknownNames(loader: Loader, store: Store, outcomes: readonly JailOutcome[]): Problem[] {
  const jails = outcomes.flatMap((outcome) => (outcome.kind === "resolved" ? [outcome.jail] : []));
  const filters = new Set(jails.flatMap(({ filter }) => filter?.name ?? []));
  const enabled = outcomes.map((outcome) => (outcome.kind === "resolved" ? outcome.jail.name : outcome.name));
  return [
    ...unknownJailNames(store, enabled),
    ...[...filters].flatMap((name) => unknownFilterNames(loader.load(`filter.d/${name}`)!)),
  ];
}

/** The same mistake in [DEFAULT] is met once for each jail; it is told once. */
function distinct(problems: readonly Problem[]): Problem[] {
  const told = new Map<string, Problem>();
  for (const problem of problems) {
    const { code, place, jail } = problem;
    const key = JSON.stringify([code, place, jail, jail === undefined && place ? "" : problem.message]);
    if (!told.has(key)) told.set(key, problem);
  }
  return [...told.values()];
}
