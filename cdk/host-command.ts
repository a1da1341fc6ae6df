/** The SSM document by which hosts take changes: the host script, in a version for each deployment that changes it. */
import * as ssm from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { hostDocument } from "../shared/contract/host-document.ts";
import { hostScript } from "../shared/contract/host-script.ts";
import type { HostAccess } from "./grants.ts";
import type { Settings } from "./settings.ts";

export function createHostCommand(scope: Construct, { name, target }: Settings): HostAccess {
  const documentName = `${name}-hosts`;
  new ssm.CfnDocument(scope, "HostCommand", {
    name: documentName,
    documentType: "Command",
    documentFormat: "JSON",
    targetType: "/AWS::EC2::Instance",
    content: hostDocument(hostScript),
    // Replacing a document that has a name fails; and commands under way keep the version they were sent with.
    updateMethod: "NewVersion",
  });
  return { documentName, scriptVersion: hostScript.version, scriptSha256: hostScript.sha256, target };
}
