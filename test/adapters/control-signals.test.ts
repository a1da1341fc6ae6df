import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type Lifecycle, listenToSignals } from "../../shared/adapters/local/signals.ts";

/** A process whose signals are sent by the test, and a daemon that writes down what it is told. */
function daemon(reload: () => Promise<void> = async () => {}) {
  const source = new EventEmitter();
  const told: string[] = [];
  const lifecycle: Lifecycle = {
    stop: (signal) => told.push(`stop ${signal}`),
    reload: () => {
      told.push("reload");
      return reload();
    },
    failed: (error) => told.push(`failed ${error}`),
    abort: (status) => told.push(`abort ${status}`),
  };
  const release = listenToSignals(lifecycle, source);
  const send = (...signals: string[]) => {
    for (const signal of signals) source.emit(signal, signal);
  };
  return { source, told, send, release };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("signals", () => {
  it.each([
    { name: "SIGTERM stops", signals: ["SIGTERM"], told: ["stop SIGTERM"] },
    { name: "SIGINT stops", signals: ["SIGINT"], told: ["stop SIGINT"] },
    { name: "a second one aborts", signals: ["SIGTERM", "SIGINT"], told: ["stop SIGTERM", "abort 130"] },
    { name: "SIGTERM after SIGINT aborts", signals: ["SIGINT", "SIGTERM"], told: ["stop SIGINT", "abort 143"] },
    { name: "SIGHUP reloads", signals: ["SIGHUP"], told: ["reload"] },
    { name: "nothing reloads while it stops", signals: ["SIGTERM", "SIGHUP"], told: ["stop SIGTERM"] },
  ])("$name", async ({ signals, told }) => {
    const one = daemon();
    one.send(...signals);
    await settled();
    expect(one.told).toEqual(told);
  });

  it("reloads once more for any number of SIGHUPs during a reload, never two at a time", async () => {
    let finish = () => {};
    const one = daemon(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    one.send("SIGHUP", "SIGHUP", "SIGHUP");
    await settled();
    expect(one.told).toEqual(["reload"]);
    finish();
    await settled();
    expect(one.told).toEqual(["reload", "reload"]);
    finish();
    await settled();
    one.send("SIGHUP");
    expect(one.told).toEqual(["reload", "reload", "reload"]);
  });

  it("survives a reload that fails", async () => {
    const one = daemon(() => Promise.reject(new Error("bad jail")));
    one.send("SIGHUP");
    await settled();
    one.send("SIGHUP");
    await settled();
    expect(one.told).toEqual(["reload", "failed Error: bad jail", "reload", "failed Error: bad jail"]);
  });

  it("listens no more when it is released", () => {
    const one = daemon();
    one.release();
    one.send("SIGTERM", "SIGHUP");
    expect(one.told).toEqual([]);
    expect(one.source.eventNames()).toEqual([]);
  });
});
