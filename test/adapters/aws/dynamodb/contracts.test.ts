/** Every port of the state on DynamoDB's own conditions, updates and indexes. */
import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, describe } from "vitest";
import { type CloudState, createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { decodeStreamRecord } from "../../../../shared/adapters/aws/dynamodb/stream-record.ts";
import type { BanChange } from "../../../../shared/core/ban.ts";
import type { Bans } from "../../../../shared/ports/bans.ts";
import { auditContract } from "../../../contracts/audit.contract.ts";
import { bansContract } from "../../../contracts/bans.contract.ts";
import { commandsContract } from "../../../contracts/commands.contract.ts";
import { breakersContract, controlContract, holdsContract } from "../../../contracts/control.contract.ts";
import { editionsContract } from "../../../contracts/editions.contract.ts";
import { hostsContract } from "../../../contracts/hosts.contract.ts";
import { lineStatesContract } from "../../../contracts/line-states.contract.ts";
import { offendersContract } from "../../../contracts/offenders.contract.ts";
import { paceContract } from "../../../contracts/pace.contract.ts";
import { poolContract } from "../../../contracts/pool.contract.ts";
import type { OpenSubject, Subject } from "../../../contracts/subject.ts";
import { totalsContract } from "../../../contracts/totals.contract.ts";
import { windowsContract } from "../../../contracts/windows.contract.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";
import { openTableStream } from "../../../support/stream/stream.ts";

describe("the cloud's state", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  windowsContract("DynamoDB", part("windows"));
  bansContract("DynamoDB", part("bans"));
  bansContract("DynamoDB, with their stream", openBansWithStream);
  offendersContract("DynamoDB", part("offenders"));
  controlContract("DynamoDB", part("control"));
  breakersContract("DynamoDB", part("breakers"));
  holdsContract("DynamoDB", part("holds"));
  totalsContract("DynamoDB", part("totals"));
  hostsContract("DynamoDB", part("hosts"));
  commandsContract("DynamoDB", part("commands"));
  paceContract("DynamoDB", part("pace"));
  poolContract("DynamoDB", part("pool"));
  editionsContract("DynamoDB", part("editions"));
  auditContract("DynamoDB", part("audit"));
  lineStatesContract("DynamoDB", part("lineStates"));

  function part<Name extends keyof CloudState>(name: Name): OpenSubject<CloudState[Name]> {
    return async () => {
      await engine.empty();
      return {
        port: createCloudState(engine.client, engine.tables)[name],
        run: (work) => work(),
        close: async () => undefined,
      };
    };
  }

  /** The stream tells when a row went, not why, so its clock is set to the time for which a test lifts a ban. */
  async function openBansWithStream(): Promise<Subject<Bans>> {
    await engine.empty();
    let clock = 0;
    const stream = await openTableStream({ upstream: engine, table: engine.tables.bans, now: () => clock });
    const { bans } = createCloudState(engine.connect(stream.endpoint), engine.tables);
    return {
      port: {
        ...bans,
        lift(ban, at) {
          clock = at;
          return bans.lift(ban, at);
        },
      },
      run: (work) => work(),
      changes: async () => stream.records().map(changeIn),
      close: stream.close,
    };
  }
});

function changeIn(record: DynamoDBRecord): BanChange {
  const found = decodeStreamRecord(record);
  if (found.kind !== "change") throw new Error(`a record that is ${found.kind}`);
  return found.change;
}
