/** Every port of the state on DynamoDB's own conditions, updates and indexes. */
import { afterAll, beforeAll, describe } from "vitest";
import { type CloudState, createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { bansContract } from "../../../contracts/bans.contract.ts";
import { breakersContract, controlContract, holdsContract } from "../../../contracts/control.contract.ts";
import { offendersContract } from "../../../contracts/offenders.contract.ts";
import type { OpenSubject } from "../../../contracts/subject.ts";
import { totalsContract } from "../../../contracts/totals.contract.ts";
import { windowsContract } from "../../../contracts/windows.contract.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";

describe("the cloud's state", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  windowsContract("DynamoDB", part("windows"));
  bansContract("DynamoDB", part("bans"));
  offendersContract("DynamoDB", part("offenders"));
  controlContract("DynamoDB", part("control"));
  breakersContract("DynamoDB", part("breakers"));
  holdsContract("DynamoDB", part("holds"));
  totalsContract("DynamoDB", part("totals"));

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
});
