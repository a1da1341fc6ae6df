/** Whois against registries on the loopback: sound ones, and ones that stall, trickle, flood and send elsewhere. */
import type { Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { factLines } from "../../../shared/adapters/whois/facts.ts";
import { isPublic } from "../../../shared/adapters/whois/public-address.ts";
import { rdapFacts } from "../../../shared/adapters/whois/rdap-facts.ts";
import { createWhois } from "../../../shared/adapters/whois/whois.ts";
import { parseNetwork, type Target } from "../../../shared/core/address.ts";
import { json, redirect, startHttp, startTcp } from "./servers.ts";

const target = (text: string) => parseNetwork(text) as Target;
const V4 = "data.iana.org/rdap/ipv4.json";
const V6 = "data.iana.org/rdap/ipv6.json";
const ADDRESS = target("8.8.8.8");
const list = (...services: readonly (readonly [string, string])[]) =>
  json({ services: services.map(([network, url]) => [[network], ["http://plain.example/", url]]) });

const card = (...rows: readonly (readonly [string, string])[]) => [
  "vcard",
  [["version", {}, "text", "4.0"], ...rows.map(([name, value]) => [name, {}, "text", value])],
];
const NETWORK = {
  objectClassName: "ip network",
  handle: "NET-8-8-8-0-2",
  name: "GOGL",
  startAddress: "8.8.8.0",
  endAddress: "8.8.8.255",
  cidr0_cidrs: [{ v4prefix: "8.8.8.0", length: 24 }],
  country: "US",
  entities: [
    {
      roles: ["registrant"],
      vcardArray: card(["fn", "Example\u001b[2J LLC"]),
      entities: [{ roles: ["abuse"], vcardArray: card(["fn", "Abuse"], ["email", "abuse@example.net"]) }],
    },
  ],
};
const LINES = [
  "Network:  8.8.8.0/24 (GOGL)",
  "Holder:   Example·[2J LLC",
  "Country:  US",
  "Abuse:    abuse@example.net",
];
const TCP_ANSWER = `% a remark
% Abuse contact for '8.8.8.0 - 8.8.8.255' is 'abuse@example.net'
inetnum:        8.8.8.0 - 8.8.8.255
netname:        EXAMPLE
descr:          An example
country:        NL
`;
const TCP_LINES = [
  "Network:  8.8.8.0 - 8.8.8.255 (EXAMPLE)",
  "Holder:   An example",
  "Country:  NL",
  "Abuse:    abuse@example.net",
];
const RDAP_OK = {
  [V4]: list(["8.0.0.0/8", "https://rdap.example/reg/"]),
  "rdap.example/reg/ip/8.8.8.8": json(NETWORK),
};
const REFER = { "whois.iana.org": say("refer:        whois.reg.example\n") };

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function say(text: string) {
  return (socket: { end(text: string): unknown }) => void socket.end(text);
}

async function registries(
  http: Parameters<typeof startHttp>[0],
  tcp: Parameters<typeof startTcp>[0] = {},
  { patience = 300 } = {},
) {
  const web = await startHttp(http);
  const wires = await startTcp(tcp);
  open.push(web, wires);
  let now = 0;
  const whois = createWhois({ now: () => now, fetch: web.fetch, connect: wires.connect, patience });
  const pass = (duration: number) => {
    now += duration;
  };
  return { whois, asked: web.asked, questions: wires.asked, pass };
}

describe("whois by RDAP", () => {
  it("asks the registry that IANA's list names, and keeps a few plain lines", async () => {
    const { whois, asked, questions } = await registries(RDAP_OK);
    expect(await whois.about(ADDRESS)).toEqual({ kind: "known", facts: LINES });
    expect([asked, questions]).toEqual([[V4, "rdap.example/reg/ip/8.8.8.8"], []]);
  });

  it("takes the closest network of the list, IPv6 as well", async () => {
    const { whois, asked } = await registries({
      [V6]: list(["2001::/16", "https://wide.example"], ["2001:4860::/32", "https://close.example"]),
      "close.example/ip/2001:4860::/48": json({ objectClassName: "ip network", startAddress: "2001:4860::" }),
    });
    expect(await whois.about(target("2001:4860::/48"))).toEqual({ kind: "known", facts: ["Network:  2001:4860::"] });
    expect(asked).toEqual([V6, "close.example/ip/2001:4860::/48"]);
  });

  it("follows a registry to another", async () => {
    const { whois } = await registries({
      ...RDAP_OK,
      "rdap.example/reg/ip/8.8.8.8": redirect("https://other.example/ip/8.8.8.8"),
      "other.example/ip/8.8.8.8": json(NETWORK),
    });
    expect(await whois.about(ADDRESS)).toEqual({ kind: "known", facts: LINES });
  });

  it("asks once a day for an address, and sooner again where nothing came", async () => {
    const { whois, asked, pass } = await registries(RDAP_OK);
    await Promise.all([whois.about(ADDRESS), whois.about(ADDRESS)]);
    pass(86_399_999);
    await whois.about(ADDRESS);
    expect(asked).toHaveLength(2);
    pass(1);
    await whois.about(ADDRESS);
    expect(asked).toHaveLength(4);
    await whois.about(target("9.9.9.9"));
    await whois.about(target("9.9.9.9"));
    expect(asked).toHaveLength(4);
  });

  it.each([
    { name: "a redirect to plain http", reply: redirect("http://rdap.example/ip/8.8.8.8"), reason: "is not asked" },
    { name: "a redirect to an address", reply: redirect("https://169.254.169.254/latest"), reason: "is not asked" },
    { name: "a redirect to IPv6", reply: redirect("https://[::1]/"), reason: "is not asked" },
    { name: "a redirect to an inner name", reply: redirect("https://localhost/"), reason: "is not asked" },
    { name: "a redirect to a private zone", reply: redirect("https://db.corp.internal/"), reason: "is not asked" },
    {
      name: "redirects without end",
      reply: redirect("https://rdap.example/reg/ip/8.8.8.8"),
      reason: "redirects more than 3 times",
    },
    { name: "a refusal", reply: ((_, r) => void r.writeHead(429).end()) as Reply, reason: "answered 429" },
    { name: "no JSON", reply: ((_, r) => void r.end("<html>")) as Reply, reason: "JSON" },
    { name: "something else", reply: json({ objectClassName: "domain" }), reason: "nothing of use" },
    { name: "null", reply: json(null), reason: "nothing of use" },
    {
      name: "cards of odd shape",
      reply: json({ ...bare(), entities: [1, { roles: 2, vcardArray: {} }] }),
      reason: "use",
    },
    { name: "a flood", reply: flood, reason: "answered more than 524288 bytes" },
    { name: "a server that stalls", reply: () => undefined, reason: "took too long" },
    { name: "a server that trickles", reply: trickle, reason: "took too long" },
  ])("meets $name with a reason, and asks port 43", async ({ reply, reason }) => {
    const { whois, questions } = await registries(
      { ...RDAP_OK, "rdap.example/reg/ip/8.8.8.8": reply },
      { "whois.iana.org": say("\n") },
    );
    const answer = await whois.about(ADDRESS);
    expect(answer).toEqual({ kind: "unknown", reason: expect.stringContaining(reason) });
    expect(questions).toEqual(["whois.iana.org: 8.8.8.8\r\n"]);
  });
});

describe("whois by port 43", () => {
  it("goes where IANA refers, and from there where the registry refers", async () => {
    const { whois, questions } = await registries(
      {},
      {
        ...REFER,
        "whois.reg.example": say("OrgName: First\nReferralServer: rwhois://whois.deep.example:4321/x\n"),
        "whois.deep.example": say(TCP_ANSWER),
      },
    );
    expect(await whois.about(ADDRESS)).toEqual({ kind: "known", facts: TCP_LINES });
    expect(questions.map((question) => question.split(":")[0])).toEqual([
      "whois.iana.org",
      "whois.reg.example",
      "whois.deep.example",
    ]);
  });

  it.each([
    { name: "a server that stalls", act: () => undefined, reason: "whois.reg.example took too long" },
    { name: "a server that trickles", act: trickleTcp, reason: "whois.reg.example took too long" },
    { name: "a server that hangs up", act: say(""), reason: "whois.reg.example answered nothing of use" },
    { name: "a referral in a circle", act: say("refer: whois.reg.example\n"), reason: "nothing of use" },
    { name: "a referral to an address", act: say("refer: 127.0.0.1\n"), reason: "nothing of use" },
    { name: "a host that refuses", act: say("refer: whois.gone.example\n"), reason: "ECONNREFUSED" },
  ])("gives up on $name", async ({ act, reason }) => {
    const { whois } = await registries({}, { ...REFER, "whois.reg.example": act });
    expect(await whois.about(ADDRESS)).toEqual({ kind: "unknown", reason: expect.stringContaining(reason) });
  });

  it("reads the beginning of a flood and leaves", async () => {
    const act = (socket: Socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write("x: y\n".repeat(10_000)));
      };
      socket.write(TCP_ANSWER);
      socket.on("drain", more);
      more();
    };
    const { whois } = await registries({}, { ...REFER, "whois.reg.example": act }, { patience: 5_000 });
    expect(await whois.about(ADDRESS)).toEqual({ kind: "known", facts: TCP_LINES });
  });
});

describe("an answer that nobody foresaw", () => {
  const odd = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(...["ip network", "abuse", "registrant", "fn", "email", "", " ", null, 7, true]),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        fc.constantFrom(
          "objectClassName",
          "entities",
          "roles",
          "vcardArray",
          "cidr0_cidrs",
          "v4prefix",
          "name",
          "country",
        ),
        tie("value"),
        { maxKeys: 5 },
      ),
    ),
  })).value;

  it("gives plain short lines or none, never an error of ours", () => {
    fc.assert(
      fc.property(odd, odd, (entities, blocks) => {
        const facts = rdapFacts({ objectClassName: "ip network", entities, cidr0_cidrs: blocks, name: entities });
        for (const line of factLines(facts!)) expect(line).toMatch(/^(Network|Holder|Country|Abuse): +\S.{0,130}$/);
      }),
    );
  });

  it("on port 43 gives lines or a reason", async () => {
    const text = fc.string({ unit: fc.constantFrom(..."refer:inetnum country %'\r\n\x1b\u2028"), maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(text, async (answer) => {
        const { whois } = await registries({}, { ...REFER, "whois.reg.example": say(answer) });
        const found = await whois.about(ADDRESS);
        if (found.kind === "known") for (const line of found.facts) expect(line).not.toMatch(/[\p{C}\p{Zl}]/u);
        else expect(found.reason).not.toBe("");
      }),
      { numRuns: 25 },
    );
  });
});

describe("an address that is nobody's", () => {
  it.each([
    ...["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "192.0.2.1"],
    ...["0.0.0.0/4", "255.255.255.255", "::1", "fd00::1", "fe80::1", "2001:db8::1", "ff02::1"],
  ])("%s is asked of no registry", async (text) => {
    const { whois, asked, questions } = await registries(RDAP_OK);
    expect(await whois.about(target(text))).toMatchObject({ kind: "unknown" });
    expect([asked, questions]).toEqual([[], []]);
  });

  it.each(["8.8.8.8", "1.0.0.0/24", "172.32.0.1", "2a00::1"])("%s is somebody's", (text) => {
    expect(isPublic(target(text))).toBe(true);
  });
});

type Reply = Parameters<typeof startHttp>[0][string];

function bare() {
  return { objectClassName: "ip network" };
}

function flood(...[, response]: Parameters<Reply>): void {
  const more = () => {
    while (!response.destroyed && response.write(" ".repeat(65_536)));
  };
  response.on("drain", more);
  response.on("error", () => undefined);
  more();
}

function trickle(...[, response]: Parameters<Reply>): void {
  const timer = setInterval(() => response.write(" "), 50);
  response.on("close", () => clearInterval(timer));
}

function trickleTcp(socket: Socket): void {
  const timer = setInterval(() => socket.write("x"), 50);
  socket.on("close", () => clearInterval(timer));
}
