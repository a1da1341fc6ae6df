/**
 * One JSON document over HTTPS from a server that is not ours: it may be slow, endless, or send us elsewhere, so time,
 * size and redirects are bounded, and nothing but https to a named public host is asked.
 */
import { isIP } from "node:net";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FetchBounds {
  readonly fetch: Fetch;
  /** Ends the whole of it, redirects and body included. */
  readonly signal: AbortSignal;
  /** Bytes of the body. */
  readonly limit: number;
  readonly redirects: number;
}

/** The parsed body. Throws an Error that says what was wrong. */
export async function fetchJson(first: string, { fetch, signal, limit, redirects }: FetchBounds): Promise<unknown> {
  let url = allowed(first);
  for (let hop = 0; hop <= redirects; hop++) {
    const headers = { accept: "application/rdap+json, application/json" };
    const response = await fetch(url.href, { redirect: "manual", signal, headers });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = allowed(new URL(location, url).href);
      continue;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${url.hostname} answered ${response.status}`);
    }
    return JSON.parse(await bodyOf(response, limit, url.hostname));
  }
  throw new Error(`${url.hostname} redirects more than ${redirects} times`);
}

/** Only a public name over https: an answer of theirs must not make us ask our own network. */
function allowed(text: string): URL {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const named = isIP(host) === 0 && host.includes(".") && !/\.(?:internal|local|localhost)$/.test(host);
  if (url.protocol !== "https:" || !named || url.username !== "") throw new Error(`${url.origin} is not asked`);
  return url;
}

async function bodyOf(response: Response, limit: number, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      // Leaving the loop cancels the body.
      if (size > limit) throw new Error(`${host} answered more than ${limit} bytes`);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
