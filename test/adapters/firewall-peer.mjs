/**
 * One end of the packet tests, run by node inside a network namespace: a server, or a client that does as it is told.
 *
 *   server: echoes on every TCP port given and on UDP 53, and on the port after "push" sends all the time by itself
 *   client: one JSON request a line on standard input, one JSON answer a line on standard output
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const [role, ...args] = process.argv.slice(2);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const sockets = new Map();

if (role === "server") await serve(args);
else
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const { id, ...request } = JSON.parse(line);
    say({ id, ...(await answer(request)) });
  });

async function serve(ports) {
  const push = Number(ports[ports.indexOf("push") + 1]);
  const listeners = ports
    .filter((port) => port !== "push")
    .map((port) => {
      const server = createServer((socket) => {
        socket.setNoDelay(true).on("error", () => undefined);
        if (Number(port) !== push) return socket.pipe(socket);
        const timer = setInterval(() => socket.write("tick\n"), 20);
        return socket.resume().on("close", () => clearInterval(timer));
      });
      return new Promise((resolve) => server.listen(Number(port), "::", resolve));
    });
  const udp = createSocket({ type: "udp6" });
  udp.on("message", (data, { port, address }) => udp.send(data, port, address));
  await Promise.all([...listeners, new Promise((resolve) => udp.bind(53, "::", resolve))]);
  say({ ready: true });
}

async function answer({ op, ...request }) {
  switch (op) {
    case "open":
      return open(request);
    case "echo":
      return echo(request);
    case "received":
      return { ok: true, bytes: sockets.get(request.socket).bytesRead };
    case "udp":
      return udp(request);
  }
}

/** Connects; "timeout" where nobody answers, else the error's code. */
function open({ address, port, from, patience }) {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress: from });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ ok: false, error: "timeout" });
    }, patience);
    socket.setNoDelay(true);
    socket.on("connect", () => {
      clearTimeout(timer);
      socket.resume();
      sockets.set(sockets.size, socket);
      resolve({ ok: true, socket: sockets.size - 1 });
    });
    socket.on("error", ({ code }) => {
      clearTimeout(timer);
      resolve({ ok: false, error: code });
    });
  });
}

/** Sends a word and waits for it to come back on an open connection. */
function echo({ socket: number, patience }) {
  const socket = sockets.get(number);
  return new Promise((resolve) => {
    const word = `${Math.random()}\n`;
    let seen = "";
    const done = (result) => {
      clearTimeout(timer);
      socket.off("data", onData).off("error", onError).off("close", onError);
      resolve(result);
    };
    const onData = (data) => {
      seen += data;
      if (seen.includes(word)) done({ ok: true });
    };
    const onError = (error) => done({ ok: false, error: error?.code ?? "closed" });
    const timer = setTimeout(() => done({ ok: false, error: "timeout" }), patience);
    if (socket.destroyed) return done({ ok: false, error: "closed" });
    socket.on("data", onData).on("error", onError).on("close", onError).write(word);
  });
}

function udp({ address, port, patience }) {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const done = (result) => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => done({ ok: false, error: "timeout" }), patience);
    socket.on("message", () => done({ ok: true })).on("error", ({ code }) => done({ ok: false, error: code }));
    // Connected, so that an ICMP error is heard.
    socket.connect(port, address, () => socket.send("word"));
  });
}
