/** What the lines of a connection told, group by group, as Fail2Ban's dict has it after each of them. */
import { describe, expect, it } from "vitest";
import { openToldConnections } from "../../../shared/core/filter/told-groups.ts";
import { pythonRepr } from "../../../shared/core/report/python-text.ts";

type Match = Readonly<Record<string, string | null>>;

/** The last match's dict; the last one counts. */
function told(...matches: readonly Match[]): string {
  const connections = openToldConnections();
  const dicts = matches.map((match, index) =>
    connections.take("c1", new Map(Object.entries(match)), index === matches.length - 1),
  );
  return pythonRepr(dicts.at(-1)!);
}

describe("a connection", () => {
  it.each<{ name: string; matches: readonly Match[]; dict: string }>([
    { name: "has its first line's groups", matches: [{ b: "1", a: null }], dict: "{'b': '1', 'a': None}" },
    {
      name: "keeps places, and what comes later stands behind",
      matches: [
        { a: "1", b: null },
        { c: "3", b: "2", a: null },
      ],
      dict: "{'a': '1', 'b': '2', 'c': '3'}",
    },
    {
      name: "forgets marks of the line before",
      matches: [
        { nofail: "x", mlfgained: null, a: "1" },
        { nofail: null, b: "2" },
      ],
      dict: "{'a': '1', 'b': '2'}",
    },
    {
      name: "forgets marks that took no part",
      matches: [{ nofail: null, mlfgained: null, a: "1" }, { b: "2" }],
      dict: "{'a': '1', 'b': '2'}",
    },
    {
      name: "has no marks where it counts all the same",
      matches: [{ user: "u" }, { user: "v", mlfgained: "yes" }],
      dict: "{'user': 'v', 'users': {'u', 'v'}}",
    },
    {
      name: "names each user once",
      matches: [{ user: "v" }, { user: "u" }, { user: "v" }],
      dict: "{'user': 'v', 'users': {'u', 'v'}}",
    },
    {
      name: "that ends begins anew",
      matches: [{ user: "v", a: "1" }, { mlfforget: "bye" }, { user: "u" }],
      dict: "{'user': 'u', 'users': {'u'}}",
    },
    {
      name: "that ends with its only line has no users to tell",
      matches: [{ user: "v", mlfforget: "bye" }],
      dict: "{'user': 'v'}",
    },
    {
      name: "with an own id has the address beside it",
      matches: [{ fid: "door" }, { ip6: "2001:DB8::1" }],
      dict: "{'fid': 'door', 'ip6': '2001:DB8::1', 'ip': '2001:db8::1'}",
    },
  ])("$name", ({ matches, dict }) => expect(told(...matches)).toBe(dict));

  it("leaves what it told before as it was", () => {
    const connections = openToldConnections();
    const first = connections.take("c1", new Map([["user", "u"]]), true);
    connections.take("c1", new Map([["user", "v"]]), true);
    expect(pythonRepr(first)).toBe("{'user': 'u', 'users': {'u'}}");
  });

  it("gives way to a hundred others", () => {
    const connections = openToldConnections();
    connections.take("c0", new Map([["a", "1"]]), true);
    for (let nth = 1; nth <= 100; nth++) connections.take(`c${nth}`, new Map([["a", "1"]]), true);
    expect([...connections.take("c0", new Map([["b", "2"]]), true).keys()]).toEqual(["b"]);
  });
});
