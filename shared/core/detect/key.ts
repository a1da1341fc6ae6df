/** What every window, ban and offence belongs to: one id in one jail. */
import type { Target } from "../address.ts";

export interface BanKey {
  readonly jail: string;
  readonly id: Target;
}

/** "sshd#192.0.2.1": the key of the tables. An id holds no "#", so the last one separates. */
export function keyText(key: BanKey): string {
  return `${key.jail}#${key.id}`;
}

/** The reverse of keyText; only for text that keyText made. */
export function parseKey(text: string): BanKey {
  const hash = text.lastIndexOf("#");
  return { jail: text.slice(0, hash), id: text.slice(hash + 1) as Target };
}
