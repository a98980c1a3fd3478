import type { DeploymentFinding } from "@exactly-once/core/ports";
import type { PostgresSettings } from "./settings.js";

/** Stable, for tests in CI and for `allow`. */
export type PostgresFindingCode =
  | "NO_TABLE"
  | "OTHER_TABLE"
  | "UNLOGGED_TABLE"
  | "NO_PRIVILEGE"
  | "STANDBY"
  | "READ_ONLY"
  | "OLD_VERSION"
  | "FSYNC_OFF"
  | "LOGICAL_REPLICATION"
  | "NO_SYNCHRONOUS_STANDBY"
  | "NO_STATEMENT_TIMEOUT"
  | "CLOCK_SKEW";

/** One setting that endangers the promises. */
export interface PostgresFinding extends DeploymentFinding {
  readonly code: PostgresFindingCode;
}

/** The format that `sql/` makes. */
export const TABLE_COMMENT = "exactly-once cells 1";
/** Older ones get no corrections any more, and were not tried. */
const OLDEST_VERSION = 14;
/** Leases don't care, but an operator comparing times would. */
const MAX_SKEW_MS = 5_000;

type Rule = (settings: PostgresSettings) => PostgresFinding | undefined;

/** Each looks at one thing, in the order in which they are told. */
const rules: readonly Rule[] = [
  standby,
  readOnly,
  table,
  unlogged,
  privileges,
  version,
  fsync,
  subscription,
  synchronousStandby,
  statementTimeout,
  skew,
];

/** What of a server's settings endangers the promises. */
export function judgeSettings(settings: PostgresSettings): readonly PostgresFinding[] {
  return rules.flatMap((rule) => rule(settings) ?? []);
}

function standby({ isStandby }: PostgresSettings): PostgresFinding | undefined {
  if (!isStandby) return undefined;
  return {
    code: "STANDBY",
    severity: "error",
    text: "the server is a standby, which can't be written to: connect to the primary (the writer endpoint).",
  };
}

function readOnly({ isStandby, isReadOnly }: PostgresSettings): PostgresFinding | undefined {
  if (isStandby || !isReadOnly) return undefined;
  return {
    code: "READ_ONLY",
    severity: "error",
    text: "transactions are read-only: put default_transaction_read_only off for this role or database.",
  };
}

function table(settings: PostgresSettings): PostgresFinding | undefined {
  const { table: name, tableComment, hasTable } = settings;
  if (!hasTable) {
    return {
      code: "NO_TABLE",
      severity: "error",
      text: `there is no table ${name}, or this role may not use its schema: run sql/001-cells.sql of this package.`,
    };
  }
  if (tableComment === TABLE_COMMENT) return undefined;
  return {
    code: "OTHER_TABLE",
    severity: "error",
    text:
      `the comment on ${name} is ${JSON.stringify(tableComment ?? "")}, not "${TABLE_COMMENT}": it was ` +
      "made by another release, or by hand. Run what is missing of this package's sql/.",
  };
}

function unlogged({ isUnlogged }: PostgresSettings): PostgresFinding | undefined {
  if (!isUnlogged) return undefined;
  return {
    code: "UNLOGGED_TABLE",
    severity: "error",
    text: "the table is unlogged: a crash empties it, and what was sent is sent again. ALTER TABLE … SET LOGGED.",
  };
}

function privileges({ missingPrivileges, table: name }: PostgresSettings) {
  if (missingPrivileges.length === 0) return undefined;
  const missing = missingPrivileges.join(", ");
  return {
    code: "NO_PRIVILEGE",
    severity: "error",
    text: `this role may not ${missing}: GRANT ${missing} ON ${name} to it.`,
  } as const;
}

function version({ version: is }: PostgresSettings): PostgresFinding | undefined {
  if (is >= OLDEST_VERSION) return undefined;
  return {
    code: "OLD_VERSION",
    severity: "error",
    text: `PostgreSQL ${is} is older than ${OLDEST_VERSION}: upgrade it.`,
  };
}

function fsync(settings: PostgresSettings): PostgresFinding | undefined {
  if (settings.fsync && settings.fullPageWrites) return undefined;
  const off = [
    ...(settings.fsync ? [] : ["fsync"]),
    ...(settings.fullPageWrites ? [] : ["full_page_writes"]),
  ].join(" and ");
  return {
    code: "FSYNC_OFF",
    severity: "error",
    text: `${off} off: a crash of the machine loses what was sent, or the whole database. Put it on.`,
  };
}

function subscription({ isSubscribed }: PostgresSettings): PostgresFinding | undefined {
  if (!isSubscribed) return undefined;
  return {
    code: "LOGICAL_REPLICATION",
    severity: "error",
    text:
      "the table is written by a subscription, too: of two writes to a row in two databases the last wins, so " +
      "that two replicas of a service could both claim a key. Let one database alone be written to.",
  };
}

function synchronousStandby(settings: PostgresSettings): PostgresFinding | undefined {
  if (settings.isStandby || settings.hasSynchronousStandby || settings.isAurora) return undefined;
  return {
    code: "NO_SYNCHRONOUS_STANDBY",
    severity: "warning",
    text:
      "no standby confirms a commit: a failover to one that lags forgets what was sent. Name one in " +
      "synchronous_standby_names, or allow this where what replicates stands below the server (RDS Multi-AZ).",
  };
}

function statementTimeout({ statementTimeoutMs }: PostgresSettings): PostgresFinding | undefined {
  if (statementTimeoutMs > 0) return undefined;
  return {
    code: "NO_STATEMENT_TIMEOUT",
    severity: "warning",
    text:
      "the server never gives a statement up: one that waits for a lock or a standby keeps its connection and its " +
      "locks when nobody waits for it any more, until there are no connections left. Give the pool a " +
      "statement_timeout of some seconds.",
  };
}

function skew({ clockSkewMs }: PostgresSettings): PostgresFinding | undefined {
  if (Math.abs(clockSkewMs) <= MAX_SKEW_MS) return undefined;
  return {
    code: "CLOCK_SKEW",
    severity: "warning",
    text:
      `the server's clock is ${Math.round(clockSkewMs)} ms off this machine's. Leases go by ` +
      "the server's alone; set both clocks right so that times can be compared.",
  };
}
