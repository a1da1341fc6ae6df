/**
 * What SNS takes. A subject with a line break, a control character or a hundred characters makes Publish fail, and with
 * it whatever called it; older documents want ASCII too, which is what every mail reader shows. So subjects are made to
 * fit here, at the last door, whoever wrote them.
 */

/** One less than what is refused. */
const LONGEST_SUBJECT = 99;
/** Of the 256 KiB that a message may have, what is left for its attributes. */
const LONGEST_MESSAGE = 255 * 1024;
const CUT = "\n\n(The rest of this mail was too long and is left out.)\n";

/** Printable ASCII on one line, beginning with a letter, digit or bracket, at most 99 characters. */
export function subjectOf(text: string): string {
  const plain = text
    .slice(0, LONGEST_SUBJECT * 8)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/\s+/g, " ")
    .replace(/[^ -~]/gu, "?")
    .trim();
  const cut = plain.length > LONGEST_SUBJECT ? `${plain.slice(0, LONGEST_SUBJECT - 3)}...` : plain;
  return cut === "" ? "[Fail2Ban]" : cut;
}

/** Well-formed UTF-8 of at most 255 KiB; what is cut is said. An empty message is refused, so there is none. */
export function messageOf(text: string): string {
  const whole = Buffer.from(text === "" ? "(This mail has no text.)\n" : text, "utf8");
  if (whole.byteLength <= LONGEST_MESSAGE) return whole.toString("utf8");
  let end = LONGEST_MESSAGE - Buffer.byteLength(CUT);
  // 10xxxxxx continues a character: the cut is made before one, not inside.
  while (((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return whole.toString("utf8", 0, end) + CUT;
}
