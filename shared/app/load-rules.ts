/** The jails' rules with their `file:` lists of ignoreip read in. */
import type { JailConfig } from "../core/config/model.ts";
import { parseIgnoreWords } from "../core/detect/ignore.ts";
import { type JailRules, rulesOf } from "../core/detect/policy.ts";

/**
 * Reads each list once by `read` (path to text; throws where it cannot, because an allowlist that cannot be read
 * must not be taken for an empty one). A list has words in lines; `#` and `;` begin a comment.
 */
export async function loadRules(
  jails: readonly JailConfig[],
  read: (path: string) => Promise<string>,
): Promise<ReadonlyMap<string, JailRules>> {
  const rules = rulesOf(jails);
  const lists = new Map<string, readonly string[]>();
  for (const file of new Set([...rules.values()].flatMap(({ ignore }) => ignore.files))) {
    lists.set(
      file,
      (await read(file)).split("\n").map((line) => line.replace(/[#;].*/, "")),
    );
  }
  const loaded = [...rules].map(([name, jail]): [string, JailRules] => {
    const listed = parseIgnoreWords(jail.ignore.files.flatMap((file) => lists.get(file)!));
    const targets = [...jail.ignore.targets, ...listed.targets];
    const names = [...jail.ignore.names, ...listed.names];
    const unknown = [...jail.ignore.unknown, ...listed.unknown, ...listed.files.map((file) => `file:${file}`)];
    return [name, { ...jail, ignore: { ...jail.ignore, targets, names, unknown } }];
  });
  return new Map(loaded);
}
