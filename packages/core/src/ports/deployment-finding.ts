/** Something about a deployment that endangers a promise, or that an operator should know. */
export interface DeploymentFinding {
  /** Stable, and what `allow` names: `EVICTION`, `NO_PERSISTENCE`, `NO_DEAD_LETTER_QUEUE`, … */
  readonly code: string;
  /** `error`: a start is refused unless the code is allowed. `warning`: it is told. */
  readonly severity: "error" | "warning";
  /** What it means and what to change, without secrets. */
  readonly text: string;
}
