/**
 * The images that a write tells by itself: who asks for the row that it replaces (ALL_OLD) gets what stood before in the
 * answer, and what stands after is what it wrote. Reading the row around each write would cost three times as much.
 *
 * Our own writers write numbers as the service stores them, so nothing differs from what would be read.
 */
import type { Image } from "./record.ts";

export interface Images {
  readonly before: Image | undefined;
  readonly after: Image | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Reads the images out of the answer; undefined = the request does not ask for what stood before. A refused write changed nothing. */
export function imagesOf(
  target: string | readonly string[] | undefined,
  body: Buffer,
): ((answer: Answer) => Images) | undefined {
  const operation = String(target ?? "").split(".")[1];
  if (operation !== "PutItem" && operation !== "DeleteItem") return undefined;
  const { ReturnValues, Item } = JSON.parse(body.toString()) as { ReturnValues?: string; Item?: Image };
  if (ReturnValues !== "ALL_OLD") return undefined;
  return (answer) => {
    if (answer.status !== 200) return { before: undefined, after: undefined };
    const { Attributes: before } = JSON.parse(answer.body.toString()) as { Attributes?: Image };
    return { before, after: operation === "PutItem" ? Item : undefined };
  };
}
