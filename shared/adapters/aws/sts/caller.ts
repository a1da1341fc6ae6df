/** Who the caller is to AWS: the name under which changes are remembered. */
import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import { PortError } from "../../../ports/failure.ts";
import { calling } from "../errors.ts";

/** An identity as AWS gives it. */
export interface Caller {
  /** "arn:aws:sts::111122223333:assumed-role/Operator/ann". */
  readonly arn: string;
  /** Twelve digits. */
  readonly account: string;
}

/** Nobody needs a permission for this. Throws PortError: "denied" where the credentials are missing, wrong or over. */
export async function findCaller(sts: STSClient): Promise<Caller> {
  const doing = { operation: "sts:GetCallerIdentity", on: "your credentials" };
  const { Arn: arn, Account: account } = await calling(doing, () => sts.send(new GetCallerIdentityCommand({})));
  if (arn !== undefined && account !== undefined) return { arn, account };
  throw new PortError("rejected", "sts:GetCallerIdentity answered without an ARN", "Try again with other credentials.");
}
