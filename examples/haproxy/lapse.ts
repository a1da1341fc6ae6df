/**
 * The time-lapse: what was recorded in a minute is spread over a day, by moving whole scenes and nothing else.
 *
 * All lines of a scene move by the same number of whole seconds, so that everything inside a scene (the milliseconds,
 * the time between a connection and its line, the timers) is as HAProxy wrote it.
 */
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const HEAD = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)/;
/** HAProxy's own date: the first one behind the client's address, in text or JSON. */
const ACCEPTED =
  /^(\S+ +\S+ \S+ \S+ haproxy\[\d+\]: (?:\{"client":"[^"]*","port":\d+,"time":"|[0-9a-f.:]+ \[))(\d\d)\/(\w{3})\/(\d{4}):([\d:.]{12})/;

/** Moves both dates of a line by `offset` ms; all times are UTC. A line of HAProxy about itself has only the head's. */
export function moveLine(line: string, offset: number, year: number): string {
  return line
    .replace(HEAD, (_, month: string, day: string, time: string) => {
      const moved = new Date(utc(year, month, day, time) + offset);
      return `${nameOf(moved)} ${String(moved.getUTCDate()).padStart(2, " ")} ${moved.toISOString().slice(11, 19)}`;
    })
    .replace(ACCEPTED, (_, start: string, day: string, month: string, acceptedYear: string, time: string) => {
      const moved = new Date(utc(Number(acceptedYear), month, day, time) + offset);
      const date = `${String(moved.getUTCDate()).padStart(2, "0")}/${nameOf(moved)}/${moved.getUTCFullYear()}`;
      return `${start}${date}:${moved.toISOString().slice(11, 23)}`;
    });
}

function utc(year: number, month: string, day: string, time: string): number {
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  return Date.parse(`${year}-${number}-${day.trim().padStart(2, "0")}T${time}Z`);
}

function nameOf(date: Date): string {
  return MONTHS[date.getUTCMonth()]!;
}
