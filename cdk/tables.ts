/** The three tables, as shared/contract/tables.ts has them: they outlive every deployment of the program. */
import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { BANS_TABLE, CONTROL_TABLE, NUMBER_KEYS, WINDOWS_TABLE } from "../shared/contract/tables.ts";

export interface Tables {
  readonly windows: dynamodb.Table;
  readonly bans: dynamodb.Table;
  readonly control: dynamodb.Table;
}

export function createTables(scope: Construct, encryptionKey: kms.IKey | undefined): Tables {
  const make = (id: string, ttl: string, props: Pick<dynamodb.TableProps, "partitionKey" | "sortKey" | "stream">) =>
    new dynamodb.Table(scope, id, {
      ...props,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: ttl,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(encryptionKey === undefined
        ? { encryption: dynamodb.TableEncryption.AWS_MANAGED }
        : { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    });
  const windows = make("Windows", WINDOWS_TABLE.ttl, { partitionKey: key(WINDOWS_TABLE.partitionKey) });
  const bans = make("Bans", BANS_TABLE.ttl, {
    partitionKey: key(BANS_TABLE.partitionKey),
    sortKey: key(BANS_TABLE.sortKey),
    stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
  });
  for (const { name, partitionKey, sortKey } of [BANS_TABLE.byEnd, BANS_TABLE.byJail]) {
    bans.addGlobalSecondaryIndex({
      indexName: name,
      partitionKey: key(partitionKey),
      sortKey: key(sortKey),
      projectionType: dynamodb.ProjectionType.ALL,
    });
  }
  const control = make("Control", CONTROL_TABLE.ttl, {
    partitionKey: key(CONTROL_TABLE.partitionKey),
    sortKey: key(CONTROL_TABLE.sortKey),
  });
  return { windows, bans, control };
}

function key(name: string): dynamodb.Attribute {
  const type = NUMBER_KEYS.has(name) ? dynamodb.AttributeType.NUMBER : dynamodb.AttributeType.STRING;
  return { name, type };
}
