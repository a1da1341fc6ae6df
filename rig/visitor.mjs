/**
 * A visitor inside a network namespace: does what it is told, one JSON request a line in, one JSON answer a line out.
 *
 *   knock  does a connection open?      { to, port, from, patience } → { ok, error }
 *   ask    sends bytes on a connection  { to, port, from, patience, bytes } → { ok, status, error }
 *   hold   the same, and keeps it open  … → { ok, status, held }
 *   again  bytes on a held connection   { held, bytes, patience } → { ok, status, error }
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";

const held = [];

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id, ...(await answer(request)) })}\n`);
});

async function answer({ op, ...request }) {
  if (op === "again") return exchange(held[request.held], request);
  const opened = await open(request);
  if (opened.socket === undefined) return opened;
  const { socket } = opened;
  if (op === "knock") {
    socket.destroy();
    return { ok: true };
  }
  const answered = await exchange(socket, request);
  if (op === "hold") return { ...answered, held: held.push(socket) - 1 };
  socket.destroy();
  return answered;
}

/** A connection, or why there is none: "timeout" where nobody answers. */
function open({ to, port, from, patience }) {
  return new Promise((resolve) => {
    const socket = connect({ host: to, port, localAddress: from });
    const timer = setTimeout(() => fail("timeout"), patience);
    const fail = (error) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok: false, error });
    };
    socket.setNoDelay(true);
    socket.on("error", ({ code }) => fail(code));
    socket.on("connect", () => {
      clearTimeout(timer);
      resolve({ socket });
    });
  });
}

/** Sends, and waits for the first line of an answer. */
function exchange(socket, { bytes, patience }) {
  return new Promise((resolve) => {
    let heard = "";
    const done = (result) => {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onEnd).off("error", onEnd);
      resolve(result);
    };
    const onData = (data) => {
      heard += data.toString("latin1");
      const status = /^HTTP\/1\.\d (\d{3})/.exec(heard)?.[1];
      if (status !== undefined) done({ ok: true, status: Number(status) });
    };
    const onEnd = (error) => done({ ok: false, error: error?.code ?? "closed" });
    const timer = setTimeout(() => done({ ok: false, error: "timeout" }), patience);
    if (socket.destroyed) return done({ ok: false, error: "closed" });
    socket.on("data", onData).on("close", onEnd).on("error", onEnd).write(Buffer.from(bytes, "latin1"));
  });
}
