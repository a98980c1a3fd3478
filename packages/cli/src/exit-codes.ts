/** How the tool ends. Stable: scripts and alarms rely on these. */
export const exitCodes = {
  /** Done, and nothing found that needs attention. */
  ok: 0,
  /** `doctor` or `verify` found an error; with `--exit-code`, `unresolved` or `audit` found something. */
  found: 1,
  /** The arguments or the configuration are wrong; nothing was done. */
  usage: 2,
  /** Refused in whole or in part: not found, too early, already settled, not sent back. */
  refused: 3,
  /** Redis, SQS or SES didn't answer; what was done before stands. */
  unavailable: 4,
  /** The command asks first, and nobody said yes. */
  notConfirmed: 5,
  /** A fault of this tool. */
  fault: 70,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0   done; nothing found that needs attention
  1   an error found: doctor, verify; something: unresolved, audit (--exit-code)
  2   wrong arguments or configuration; nothing was done
  3   refused, in whole or in part: not found, too early, already settled
  4   Redis, SQS or SES didn't answer; what was done before stands
  5   not confirmed: say --yes, or answer yes
  70  a fault of this tool`;
