/**
 * The version of the host document that carries the script which this program was deployed with. Commands name it and
 * its hash, so that hosts run what was tested with the sender, whatever became of the document meanwhile.
 */
import { createHash } from "node:crypto";
import { DescribeDocumentCommand, GetDocumentCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { changesLimit, scriptIn } from "../../../contract/host-document.ts";
import { PortError } from "../../../ports/failure.ts";
import { calling } from "../errors.ts";

export interface PinnedDocument {
  readonly name: string;
  readonly version: string;
  /** SHA-256 as the service has it; undefined where it has none. */
  readonly hash: string | undefined;
  /** Characters of changes that a command may carry beside this document. */
  readonly changesLimit: number;
}

/** While a deployment is under way, functions of the last one want an earlier version; older ones are of no use. */
const VERSIONS_TRIED = 5;

/** Finds the version by the SHA-256 (hex) of its script; throws PortError "missing" where no late version has it. */
export async function findDocument(client: SSMClient, name: string, sha256: string): Promise<PinnedDocument> {
  const on = `document ${name}`;
  const describe = async (version?: string) => {
    const input = { Name: name, ...(version === undefined ? {} : { DocumentVersion: version }) };
    const answer = await calling({ operation: "DescribeDocument", on }, () =>
      client.send(new DescribeDocumentCommand(input)),
    );
    return answer.Document;
  };
  const standard = await describe();
  for (const version of candidates(standard?.DefaultVersion, standard?.LatestVersion)) {
    const content = await contentOf(client, name, version);
    const script = content === undefined ? undefined : scriptIn(content);
    if (content === undefined || script === undefined) continue;
    if (createHash("sha256").update(script).digest("hex") !== sha256) continue;
    const found = version === standard?.DocumentVersion ? standard : await describe(version);
    const hash = found?.HashType === "Sha256" ? found.Hash : undefined;
    return { name, version, hash, changesLimit: changesLimit(content.length) };
  }
  throw new PortError(
    "missing",
    `no late version of ${on} carries the host script of this deployment`,
    "Deploy the stack again; until then no ban reaches the hosts.",
  );
}

/** The version that is used by default, then from the latest one downwards. */
function candidates(standard: string | undefined, latest: string | undefined): readonly string[] {
  const newest = Number(latest ?? standard ?? 1);
  const late = Array.from({ length: VERSIONS_TRIED }, (_, i) => newest - i).filter((version) => version >= 1);
  return [...new Set([...(standard === undefined ? [] : [standard]), ...late.map(String)])];
}

async function contentOf(client: SSMClient, name: string, version: string): Promise<string | undefined> {
  try {
    const input = { Name: name, DocumentVersion: version, DocumentFormat: "JSON" as const };
    const answer = await calling({ operation: "GetDocument", on: `document ${name} version ${version}` }, () =>
      client.send(new GetDocumentCommand(input)),
    );
    return answer.Content;
  } catch (error) {
    // A version that was deleted: another may do.
    if (error instanceof PortError && error.code === "missing") return undefined;
    throw error;
  }
}
