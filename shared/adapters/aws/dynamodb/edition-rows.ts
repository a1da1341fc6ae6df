/**
 * The edition that the fleet runs, as a row of the control table with the ruleset's text gzipped in it; a text that is
 * too long for a row is cut into pieces, which are written before the row that names them.
 */
import { randomUUID } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Edition, Editions } from "../../../ports/editions.ts";
import { PortError } from "../../../ports/failure.ts";
import { bytes, bytesOf, type FoundRow, number, numberOf, optional, text, textOf } from "./attributes.ts";
import { absent, equal } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Table } from "./table.ts";

/** Bytes of text in one row, gzipped; a row holds 400 KB. */
const PIECE = 350 * 1024;
/** A text of ours never inflates to more. */
const TEXT_LIMIT = 64 * 1024 * 1024;
const CURRENT = "current";
/** Looks at a row whose pieces are gone: somebody replaced it in between. */
const LOOKS = 3;

export function createEditionRows(table: Table): Editions {
  return {
    async current() {
      for (let look = 0; look < LOOKS; look++) {
        const row = await table.get(at(KIND.edition, CURRENT));
        if (row === undefined) return undefined;
        const packed = await textIn(table, row);
        if (packed !== undefined) return editionOf(row, packed);
      }
      throw corrupt("pieces of its ruleset are missing");
    },
    async replace({ hash, revision, since, ruleset }, replacing) {
      const packed = gzipSync(ruleset);
      const pieces = packed.length > PIECE ? await writePieces(table, packed) : undefined;
      const thereIsNone = absent(NAME);
      const itIsTheOneNamed = equal("revision", number(replacing ?? 0));
      const outcome = await table.put(
        {
          ...at(KIND.edition, CURRENT),
          hash: text(hash),
          revision: number(revision),
          since: number(since),
          ...(pieces === undefined && { ruleset: bytes(packed) }),
          ...optional("pieces", pieces === undefined ? undefined : text(pieces)),
        },
        replacing === undefined ? thereIsNone : itIsTheOneNamed,
        "before",
      );
      if (outcome.kind === "written") {
        const replaced = textOf(outcome.before ?? {}, "pieces");
        if (replaced !== undefined) await deletePieces(table, replaced);
        return "saved";
      }
      if (pieces === undefined) return "conflict";
      // Refused may be what the client repeated: then the row names these pieces, and they are in use.
      const standing = await table.get(at(KIND.edition, CURRENT));
      if (textOf(standing ?? {}, "pieces") === pieces) return "saved";
      await deletePieces(table, pieces);
      return "conflict";
    },
  };
}

/** Writes the pieces under a name that nobody else uses, and returns it. */
async function writePieces(table: Table, packed: Uint8Array): Promise<string> {
  const name = randomUUID();
  for (let first = 0; first < packed.length; first += PIECE) {
    const nth = String(first / PIECE).padStart(4, "0");
    await table.put({ ...at(KIND.editionText(name), nth), text: bytes(packed.subarray(first, first + PIECE)) });
  }
  // Named last, so that a reader sees whether all of them are there.
  await table.put({ ...at(KIND.editionText(name), "size"), size: number(packed.length) });
  return name;
}

async function deletePieces(table: Table, name: string): Promise<void> {
  for await (const row of table.query({ key: ofKind(KIND.editionText(name)), consistent: true })) {
    await table.delete(at(KIND.editionText(name), textOf(row, NAME)!));
  }
}

/** The gzipped text of a row; undefined where its pieces are not all there. */
async function textIn(table: Table, row: FoundRow): Promise<Uint8Array | undefined> {
  const name = textOf(row, "pieces");
  if (name === undefined) return bytesOf(row, "ruleset");
  const pieces: Uint8Array[] = [];
  let size: number | undefined;
  for await (const piece of table.query({ key: ofKind(KIND.editionText(name)), consistent: true })) {
    size ??= numberOf(piece, "size");
    pieces.push(bytesOf(piece, "text") ?? new Uint8Array());
  }
  const packed = Buffer.concat(pieces);
  return packed.length === size ? packed : undefined;
}

function editionOf(row: FoundRow, packed: Uint8Array): Edition {
  const [hash, revision, since] = [textOf(row, "hash"), numberOf(row, "revision"), numberOf(row, "since")];
  if (hash === undefined || revision === undefined || since === undefined) throw corrupt("a figure of it is missing");
  try {
    return { hash, revision, since, ruleset: gunzipSync(packed, { maxOutputLength: TEXT_LIMIT }).toString() };
  } catch (cause) {
    throw corrupt("its ruleset is no gzip", cause);
  }
}

function corrupt(reason: string, cause?: unknown): PortError {
  return new PortError(
    "state-corrupt",
    `the edition in the control table cannot be read: ${reason}`,
    `Delete the row "${KIND.edition}", "${CURRENT}" of the control table: the next function that starts writes it anew.`,
    cause,
  );
}
