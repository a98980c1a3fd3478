import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { StoreUnavailableError } from "@exactly-once/core";
import type { Clock, DeploymentFinding } from "@exactly-once/core/ports";
import type { DynamodbClient } from "./client.js";
import { clockCheck } from "./clock-check.js";
import { ATTENTION_INDEX, ATTRIBUTES } from "./table.js";

/** What `inspect()` can find. Codes are stable. */
export type DynamodbFindingCode =
  | "NOT_ACTIVE"
  | "WRONG_KEY"
  | "WRONG_INDEX"
  | "NO_TIME_TO_LIVE"
  | "TIME_TO_LIVE_UNKNOWN"
  | "WRONG_TIME_TO_LIVE"
  | "GLOBAL_TABLE"
  | "PROVISIONED"
  | "NOT_PROTECTED"
  | "CLOCK_SKEW";

/** Something about the table that endangers a promise, or the bill. */
export interface DynamodbFinding extends DeploymentFinding {
  readonly code: DynamodbFindingCode;
}

/** What `inspect()` answers. */
export interface DynamodbReport {
  readonly table: string;
  /** By how much this process' clock is ahead of DynamoDB's, at least; negative where it is behind. */
  readonly clockSkewMs: number;
  readonly findings: readonly DynamodbFinding[];
}

export interface InspectOptions {
  readonly client: DynamodbClient;
  readonly table: string;
  readonly clock: Clock;
  readonly maxSkewMs: number;
  readonly callTimeoutMs: number;
}

type Lifetime = "off" | "unknown" | { readonly attribute: string };

/** @throws StoreUnavailableError where the table can't be described */
export async function inspectTable(options: InspectOptions): Promise<DynamodbReport> {
  const { client, table, clock, maxSkewMs, callTimeoutMs } = options;
  const measured = clockCheck(clock, maxSkewMs / 2);
  const abortSignal = AbortSignal.timeout(callTimeoutMs);
  const command = new DescribeTableCommand({ TableName: table });
  measured.watch(command);
  try {
    const [{ Table }, lifetime] = await Promise.all([
      client.send(command, { abortSignal }),
      lifetimeOf(client, table, abortSignal),
    ]);
    if (Table === undefined) throw new Error("DynamoDB described nothing");
    const { skewMs } = measured;
    const findings = [
      ...keyFindings(Table),
      ...lifetimeFindings(lifetime),
      ...settingFindings(Table),
      ...skewFindings(skewMs, maxSkewMs / 2),
    ];
    return { table, clockSkewMs: skewMs, findings };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailableError(`The table ${table} couldn't be inspected: ${reason}.`, {
      cause,
    });
  }
}

async function lifetimeOf(
  client: DynamodbClient,
  table: string,
  abortSignal: AbortSignal,
): Promise<Lifetime> {
  try {
    const command = new DescribeTimeToLiveCommand({ TableName: table });
    const { TimeToLiveDescription: found } = await client.send(command, { abortSignal });
    const status = found?.TimeToLiveStatus;
    if (status !== "ENABLED" && status !== "ENABLING") return "off";
    return { attribute: found?.AttributeName ?? "" };
  } catch (error) {
    // A right that an operator may well not give; an outage shows in the other call.
    if (error instanceof Error && error.name === "AccessDeniedException") return "unknown";
    throw error;
  }
}

function keyFindings(table: TableDescription): DynamodbFinding[] {
  const findings: DynamodbFinding[] = [];
  const { cell, shard, place } = ATTRIBUTES;
  const types = new Map(
    (table.AttributeDefinitions ?? []).map((of) => [of.AttributeName, of.AttributeType]),
  );
  const isText = (name: string): boolean => types.get(name) === "S";
  if (table.TableStatus !== "ACTIVE" && table.TableStatus !== "UPDATING") {
    findings.push({
      code: "NOT_ACTIVE",
      severity: "error",
      text: `The table is ${String(table.TableStatus)}: wait until it is ACTIVE.`,
    });
  }
  if (schemaOf(table.KeySchema) !== `HASH ${cell}` || !isText(cell)) {
    findings.push({
      code: "WRONG_KEY",
      severity: "error",
      text:
        `The table's key is ${schemaOf(table.KeySchema)}: make one whose only key is the text ` +
        `${cell} (table.template.json).`,
    });
  }
  const index = table.GlobalSecondaryIndexes?.find((of) => of.IndexName === ATTENTION_INDEX);
  const wanted = `HASH ${shard}, RANGE ${place}`;
  if (schemaOf(index?.KeySchema) !== wanted || !isText(shard) || !isText(place)) {
    findings.push({
      code: "WRONG_INDEX",
      severity: "error",
      text:
        `The table has no index ${ATTENTION_INDEX} with the keys ${wanted}: what is held can't be listed. ` +
        "Add it (table.template.json).",
    });
  }
  return findings;
}

function schemaOf(schema: TableDescription["KeySchema"]): string {
  return (schema ?? [])
    .map((key) => `${String(key.KeyType)} ${String(key.AttributeName)}`)
    .join(", ");
}

function lifetimeFindings(lifetime: Lifetime): DynamodbFinding[] {
  const { expires } = ATTRIBUTES;
  if (lifetime === "unknown") {
    return [
      {
        code: "TIME_TO_LIVE_UNKNOWN",
        severity: "warning",
        text: "Time to live couldn't be looked at: allow dynamodb:DescribeTimeToLive.",
      },
    ];
  }
  if (lifetime === "off") {
    return [
      {
        code: "NO_TIME_TO_LIVE",
        severity: "warning",
        text: `Time to live is off: nothing is ever deleted, and the bill grows. Switch it on for ${expires}.`,
      },
    ];
  }
  if (lifetime.attribute === expires) return [];
  return [
    {
      code: "WRONG_TIME_TO_LIVE",
      severity: "error",
      text: `Time to live goes by ${lifetime.attribute}, not by ${expires}: switch it to ${expires}.`,
    },
  ];
}

function settingFindings(table: TableDescription): DynamodbFinding[] {
  const findings: DynamodbFinding[] = [];
  const isEventual = table.MultiRegionConsistency !== "STRONG";
  if ((table.Replicas ?? []).length > 0 && isEventual) {
    findings.push({
      code: "GLOBAL_TABLE",
      severity: "error",
      text:
        "The table is replicated to other regions, and what is written last wins there: consumers must write " +
        "in one region only, or a message is sent from two. Where that is so, allow this by name; else make it one with " +
        "strong consistency.",
    });
  }
  if (table.BillingModeSummary?.BillingMode !== "PAY_PER_REQUEST") {
    findings.push({
      code: "PROVISIONED",
      severity: "warning",
      text:
        "The table has provisioned capacity: beyond it consumers stop receiving until it answers again. " +
        "Switch to on-demand, or let it scale by itself.",
    });
  }
  if (table.DeletionProtectionEnabled !== true) {
    findings.push({
      code: "NOT_PROTECTED",
      severity: "warning",
      text: "The table may be deleted, and with it what was sent: switch deletion protection on.",
    });
  }
  return findings;
}

function skewFindings(skewMs: number, maxOffMs: number): DynamodbFinding[] {
  if (Math.abs(skewMs) <= maxOffMs) return [];
  return [
    {
      code: "CLOCK_SKEW",
      severity: "error",
      text:
        `This machine's clock is ${skewMs} ms off DynamoDB's, and may be ${maxOffMs}: it isn't served. ` +
        "Set it right.",
    },
  ];
}
