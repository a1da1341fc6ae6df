/** A deployed stack by its name: the SSM parameter in which it describes itself. */
import { GetParameterCommand, GetParametersByPathCommand, type SSMClient } from "@aws-sdk/client-ssm";
import * as z from "zod/mini";
import { type StackDescription, stackDescription, stackParameter } from "../../../contract/stack-description.ts";
import { PortError } from "../../../ports/failure.ts";
import { calling } from "../errors.ts";

/** Names that a stack can have: what an SSM parameter's last part can be. */
const STACK_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** Throws PortError: "missing" where there is no such stack, "rejected" for no name, and where another version wrote it. */
export async function findStack(ssm: SSMClient, stack: string): Promise<StackDescription> {
  if (!STACK_NAME.test(stack)) {
    throw new PortError("rejected", `no stack can have the name "${stack}"`, "Write letters, digits and - _ . only.");
  }
  const name = stackParameter(stack);
  const doing = { operation: "ssm:GetParameter", on: `the parameter ${name}` };
  const { Parameter } = await calling(doing, () => ssm.send(new GetParameterCommand({ Name: name })));
  const parsed = z.safeParse(stackDescription, jsonOf(Parameter?.Value ?? ""));
  if (parsed.success) return parsed.data;
  throw new PortError(
    "rejected",
    `the description of the stack ${stack} is not one that this version of fleet2ban reads`,
    "Use the version of fleet2ban that deployed it, or deploy it again with this one.",
  );
}

/** The stacks of this account and Region, by name. */
export async function listStacks(ssm: SSMClient): Promise<readonly string[]> {
  const folder = stackParameter("");
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await calling({ operation: "ssm:GetParametersByPath", on: `the parameters ${folder}*` }, () =>
      ssm.send(new GetParametersByPathCommand({ Path: folder, ...(NextToken !== undefined && { NextToken }) })),
    );
    names.push(...(page.Parameters ?? []).flatMap(({ Name }) => Name?.slice(folder.length) ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return names;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Direction: no JSON is no description; the caller says so.
    return undefined;
  }
}
