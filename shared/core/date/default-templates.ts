/**
 * The dates that are known without a datepattern: 17 formats, 14 of which are also looked for at the begin of the line,
 * where they are preferred. That makes 31 templates, those bound to the begin first.
 */
import { atLineBegin, type Template, templateOf } from "./template.ts";

const CLOCK = "%H:%M:%S";
const LOOSE_CLOCK = "%k:%M:%S";
const POINT_FRACTION = "(?:\\.%f)?";
const ISO_REST = "(?:[.,]%f)?(?:\\s*%z)?";
const SYSLOG = `(?:%a )?%b %d ${LOOSE_CLOCK}${POINT_FRACTION}(?: %ExY)?`;

/** The order decides between formats that begin at the same place. */
const FORMATS: readonly string[] = [
  // 2025-11-14T22:45:11.608+01:00, 2025/11/14 22:45:11, 2025.11.14  8:45:11
  `%ExY(?P<_sep>[-./])%m(?P=_sep)%d(?:T| {1,2})${CLOCK}${ISO_REST}`,
  // Nov 14 22:45:11, Fri Nov 14 22:45:11.608 2025
  SYSLOG,
  // Fri Nov 14 2025 22:45:11
  `(?:%a )?%b %d %ExY ${LOOSE_CLOCK}${POINT_FRACTION}`,
  // 14/11/2025 22:45:11, 14-11-25 22:45:11
  `%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) ${LOOSE_CLOCK}`,
  // 14/Nov/2025:22:45:11.608, 14/Nov/2025:22:45:11 +0100, 14-Nov-2025 22:45:11
  `%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?${CLOCK}${POINT_FRACTION}(?: %z)?`,
  // 11/14/2025:22:45:11
  `%m/%d/%ExY:${CLOCK}`,
  // 11-14-2025 22:45:11.608
  `%m-%d-%ExY ${LOOSE_CLOCK}${POINT_FRACTION}`,
  // 1763160311, [1763160311] at the begin; audit(1763160311.608:42)
  "EPOCH",
  // 22:45:11 at the begin
  `{^LN-BEG}${CLOCK}`,
  // <11/14/25@22:45:11>
  `^<%m/%d/%Exy@${CLOCK}>`,
  // 251114 22:45:11
  `%Exy%Exm%Exd {1,2}${CLOCK}`,
  // Nov 14, 2025 10:45:11 PM
  "%b %d, %ExY %I:%M:%S %p",
  // Nov-14-25 22:45:11 at the begin
  `^%b-%d-%Exy ${LOOSE_CLOCK}`,
  // 20251114T224511, 20251114 224511+0100
  `%ExY%Exm%Exd(?:T| {1,2})%ExH%ExM%ExS${ISO_REST}`,
  // CET Nov 14 22:45:11
  `(?:%Z )?${SYSLOG}`,
  // +01:00 Nov 14 22:45:11
  `(?:%z )?${SYSLOG}`,
  "TAI64N",
];

interface Defaults {
  readonly formats: readonly Template[];
  readonly templates: readonly Template[];
}

/** By year: the same objects every time, so that what is compiled from them is compiled once. */
const known = new Map<number | undefined, Defaults>();

function defaultsOf(year: number | undefined): Defaults {
  const before = known.get(year);
  if (before !== undefined) return before;
  const formats = FORMATS.map((format) => templateOf(format, year) as Template);
  const bound = formats.map((format) => atLineBegin(format, year)).filter((template, i) => template !== formats[i]);
  const made = { formats, templates: [...bound, ...formats] };
  known.set(year, made);
  return made;
}

/** The 17 formats as they are written. */
export function defaultFormats(year: number | undefined): readonly Template[] {
  return defaultsOf(year).formats;
}

/** The 31 templates in the order in which they are tried. */
export function defaultTemplates(year: number | undefined): readonly Template[] {
  return defaultsOf(year).templates;
}
