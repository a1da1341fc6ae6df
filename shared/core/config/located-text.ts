/**
 * Option values that remember where each of their lines stands.
 *
 * A regex of a stock filter is put together from half a dozen options in three files. An error in it has to name the
 * line that a person would edit, so every piece keeps its place through interpolation and tag substitution: a line
 * belongs to the text it was inserted into, unless that text had nothing of its own on it.
 */
import type { Located } from "./model.ts";
import type { Place } from "./problem.ts";

/** A text and one place for each of its lines: `places.length` is the number of line feeds plus one. */
export interface LocatedText {
  readonly text: string;
  readonly places: readonly Place[];
}

/** A text all of whose lines stand at one place. */
export function locate(text: string, place: Place): LocatedText {
  return { text, places: text.split("\n").map(() => place) };
}

/** The lines of a value, each with its place, empty ones included. */
export function linesOf(value: LocatedText): Located[] {
  return value.text.split("\n").map((text, index) => ({ text, place: placeOfLine(value, index) }));
}

/** The place of the line that holds the character at `offset`. */
export function placeAt(value: LocatedText, offset: number): Place {
  let line = 0;
  for (let at = value.text.indexOf("\n"); at >= 0 && at < offset; at = value.text.indexOf("\n", at + 1)) line++;
  return placeOfLine(value, line);
}

/** Where the value begins: the place of its first line. */
export function placeOf(value: LocatedText): Place {
  return placeOfLine(value, 0);
}

/** Cuts a value into consecutive parts, each line still in its place; linear in the value however many parts there are. */
export interface Cutter {
  /** The part from where the last one ended up to `end`. */
  upTo(end: number): LocatedText;
}

export function cutterOf(value: LocatedText): Cutter {
  let start = 0;
  let line = 0;
  return {
    upTo(end) {
      const text = value.text.slice(start, end);
      const first = line;
      line += countLines(text);
      start = end;
      return { text, places: value.places.slice(first, line + 1) };
    },
  };
}

export interface TextBuilder {
  /** Appends text that was written where the result is used. */
  own(part: LocatedText): void;
  /** Appends text that was fetched from elsewhere. */
  inserted(part: LocatedText): void;
  readonly length: number;
  done(): LocatedText;
}

/** Puts a value together from its own text and from insertions. */
export function textBuilder(): TextBuilder {
  let text = "";
  const places: Place[] = [];
  let ownPlace: Place | undefined;
  let insertedPlace: Place | undefined;
  let blankPlace: Place | undefined;

  const closeLine = () => {
    const place = ownPlace ?? insertedPlace ?? blankPlace;
    if (place !== undefined) places.push(place);
    ownPlace = undefined;
    insertedPlace = undefined;
    blankPlace = undefined;
  };
  const append = (part: LocatedText, own: boolean) => {
    const lines = part.text.split("\n");
    lines.forEach((line, index) => {
      if (index > 0) closeLine();
      const place = placeOfLine(part, index);
      if (line.trim() !== "") {
        if (own) ownPlace ??= place;
        else insertedPlace ??= place;
      }
      blankPlace ??= place;
    });
    text += part.text;
  };

  return {
    own: (part) => append(part, true),
    inserted: (part) => append(part, false),
    get length() {
      return text.length;
    },
    done() {
      closeLine();
      return { text, places };
    },
  };
}

function placeOfLine(value: LocatedText, line: number): Place {
  return value.places[line] ?? value.places[value.places.length - 1] ?? { file: "", line: 0 };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
