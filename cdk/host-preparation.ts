/**
 * What State Manager does on the tagged instances, where the settings ask for it: the CloudWatch agent with the jails' files,
 * and the firewall's tools. It runs when an instance first comes online, and daily.
 */
import { createHash } from "node:crypto";
import * as ssm from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import type { Settings } from "./settings.ts";

/** Log groups are named by what the agent sends into them; it may read only parameters with this prefix. */
const AGENT_PARAMETER = "AmazonCloudWatch-";

export function prepareHosts(scope: Construct, settings: Settings, deployment: CompiledDeployment): void {
  const { agent, packages } = settings.hosts;
  if (!agent && !packages) return;
  const steps: Step[] = [];
  let edition = "";
  if (packages) steps.push(installTools());
  if (agent) {
    const text = JSON.stringify(agentConfiguration(settings, deployment));
    edition = createHash("sha256").update(text).digest("hex").slice(0, 8);
    const parameter = new ssm.CfnParameter(scope, "AgentConfiguration", {
      name: `${AGENT_PARAMETER}${settings.name}`,
      type: "String",
      tier: "Intelligent-Tiering",
      description: "Files of the jails, for the CloudWatch agent",
      value: text,
    });
    steps.push(...installAgent(parameter.name!));
  }
  const document = new ssm.CfnDocument(scope, "Preparation", {
    name: `${settings.name}-prepare`,
    documentType: "Command",
    documentFormat: "JSON",
    targetType: "/AWS::EC2::Instance",
    updateMethod: "NewVersion",
    content: {
      schemaVersion: "2.2",
      description: `fleet2ban: prepares a host${edition === "" ? "" : ` (agent configuration ${edition})`}`,
      mainSteps: steps,
    },
  });
  const association = new ssm.CfnAssociation(scope, "PreparationOfHosts", {
    name: document.name!,
    associationName: `${settings.name}-prepare`,
    targets: [{ key: `tag:${settings.target.key}`, values: [settings.target.value] }],
    scheduleExpression: "rate(1 day)",
    maxConcurrency: "10%",
    maxErrors: "10%",
    complianceSeverity: "MEDIUM",
  });
  association.node.addDependency(document);
}

/** The agent's configuration: each file of a jail, in its log group, in a stream by the name of the instance. */
export function agentConfiguration({ logRetentionDays }: Settings, { files }: CompiledDeployment): object {
  const collect = Object.entries(files).flatMap(([group, paths]) =>
    paths.map((path) => ({
      file_path: path,
      log_group_name: group,
      // The only thing that says which host wrote a line.
      log_stream_name: "{instance_id}",
      retention_in_days: logRetentionDays,
    })),
  );
  return { logs: { logs_collected: { files: { collect_list: collect } }, force_flush_interval: 5 } };
}

interface Step {
  readonly action: string;
  readonly name: string;
  readonly precondition: object;
  readonly inputs: object;
}

const ON_LINUX = { StringEquals: ["platformType", "Linux"] };

function installAgent(parameter: string): Step[] {
  const run = (name: string, documentPath: string, documentParameters: object): Step => ({
    action: "aws:runDocument",
    name,
    precondition: ON_LINUX,
    inputs: { documentType: "SSMDocument", documentPath, documentParameters },
  });
  return [
    run("installAgent", "AWS-ConfigureAWSPackage", { action: "Install", name: "AmazonCloudWatchAgent" }),
    // Appended: what the host's own configuration collects goes on.
    run("configureAgent", "AmazonCloudWatch-ManageAgent", {
      action: "configure (append)",
      mode: "ec2",
      optionalConfigurationSource: "ssm",
      optionalConfigurationLocation: parameter,
      optionalRestart: "yes",
    }),
  ];
}

function installTools(): Step {
  const runCommand = [
    "command -v nft >/dev/null 2>&1 && exit 0",
    "command -v ipset >/dev/null 2>&1 && command -v iptables >/dev/null 2>&1 && exit 0",
    "if command -v apt-get >/dev/null 2>&1; then",
    "  export DEBIAN_FRONTEND=noninteractive",
    "  apt-get update -q && apt-get install -q -y ipset iptables",
    "elif command -v dnf >/dev/null 2>&1; then",
    "  dnf install -q -y ipset iptables-nft",
    "elif command -v yum >/dev/null 2>&1; then",
    "  yum install -q -y ipset iptables",
    "else",
    "  echo 'no package manager that is known here: install nftables, or ipset and iptables' >&2",
    "  exit 1",
    "fi",
  ];
  const inputs = { timeoutSeconds: "600", runCommand };
  return { action: "aws:runShellScript", name: "installTools", precondition: ON_LINUX, inputs };
}
