/** What the tests use of dynalite, which comes without types. */
declare module "dynalite" {
  import type { Server } from "node:http";

  function dynalite(options?: {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
    readonly maxItemSizeKb?: number;
  }): Server;
  export = dynalite;
}
