/**
 * What cannot be processed goes to an SQS queue, as one JSON text {source, reason, body, cutFrom?}; a body that is too
 * long for a message is cut, and `cutFrom` says how many bytes it had.
 */
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { SetAside } from "../../ports/set-aside.ts";
import { calling } from "./errors.ts";

/** Bytes of a message: what a queue takes unless somebody set it otherwise. */
export const MESSAGE_LIMIT = 256 * 1024;
/** Characters of source and reason, which may repeat hostile text. */
const WORDS_LIMIT = 1_000;

/** Puts things into the queue. `put` throws PortError: unavailable, denied, missing or rejected. */
export function createSetAside(client: SQSClient, queueUrl: string, limit = MESSAGE_LIMIT): SetAside {
  const name = queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
  return {
    async put(item) {
      const MessageBody = messageOf(item, limit);
      await calling({ operation: "SendMessage", on: `queue ${name}` }, () =>
        client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody })),
      );
    },
  };
}

function messageOf(item: Parameters<SetAside["put"]>[0], limit: number): string {
  const source = item.source.slice(0, WORDS_LIMIT);
  const reason = item.reason.slice(0, WORDS_LIMIT);
  const whole = encode({ source, reason, body: item.body });
  if (Buffer.byteLength(whole) <= limit) return whole;
  const cutFrom = Buffer.byteLength(item.body);
  const cutTo = (length: number) => encode({ source, reason, body: item.body.slice(0, length), cutFrom });
  // How long a text becomes in JSON depends on what it is made of, so the longest that fits is searched for.
  let fits = 0;
  let tooLong = Math.min(item.body.length, limit) + 1;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >>> 1;
    if (Buffer.byteLength(cutTo(middle)) <= limit) fits = middle;
    else tooLong = middle;
  }
  return cutTo(fits);
}

/** SQS takes the characters of XML 1.0 only; JSON leaves two of the others as they are. */
function encode(message: Readonly<Record<string, string | number>>): string {
  return JSON.stringify(message).replace(/[\uFFFE\uFFFF]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`);
}
