/** A configuration in memory: the files that a test makes up, without a disk. */
import { type ConfigFiles, resolvePath } from "../../shared/core/config/files.ts";

/** Files by path. */
export function filesFrom(record: Readonly<Record<string, string>>): ConfigFiles {
  const plain = (path: string) => resolvePath("", path);
  const texts = new Map(Object.entries(record).map(([path, text]) => [plain(path), text]));
  return {
    read: (path) => texts.get(plain(path)),
    list(directory) {
      const prefix = directory === "" ? "" : `${plain(directory)}/`;
      return [...texts.keys()]
        .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
        .map((path) => path.slice(prefix.length));
    },
  };
}
