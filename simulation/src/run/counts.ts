/** What a run of the service, or of its user caches, came to. */
export interface RunCounts {
  readonly messages: number;
  readonly emails: number;
  readonly held: number;
  readonly deadLettered: number;
  readonly suppressed: number;
  /** "Not sent" as the reconciler concluded it from silence. */
  readonly verdicts: number;
  readonly lookups: number;
  readonly failovers: number;
}

export const NO_COUNTS: RunCounts = {
  messages: 0,
  emails: 0,
  held: 0,
  deadLettered: 0,
  suppressed: 0,
  verdicts: 0,
  lookups: 0,
  failovers: 0,
};
