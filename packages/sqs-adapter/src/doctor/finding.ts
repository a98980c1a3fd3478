/** What was found of a deployment. */
export type Finding = SoundFinding | WrongFinding;

/** What is as it should be. */
export interface SoundFinding {
  readonly severity: "ok";
  /** Stable, for tests in CI. */
  readonly code: string;
  /** What was found. */
  readonly message: string;
}

/** What is not. */
export interface WrongFinding {
  /** `error`: messages can be lost or doubled. `warning`: could not be checked, or is unwise. */
  readonly severity: "warning" | "error";
  /** Stable, for tests in CI. */
  readonly code: string;
  /** What was found. */
  readonly message: string;
  /** What it leads to, if nobody mends it. */
  readonly leadsTo: string;
  readonly mend: Mend;
}

/** What to do about a finding. */
export interface Mend {
  readonly text: string;
  /** The same as a command of the AWS CLI, where it is a setting of AWS. */
  readonly cli?: string;
  /** The same as properties in a CloudFormation template. */
  readonly cloudFormation?: string;
}

export const ok = (code: string, message: string): Finding => ({ severity: "ok", code, message });

type Wrong = Omit<WrongFinding, "severity" | "code">;

export const warning = (code: string, wrong: Wrong): Finding => ({
  severity: "warning",
  code,
  ...wrong,
});

export const error = (code: string, wrong: Wrong): Finding => ({
  severity: "error",
  code,
  ...wrong,
});

export const hours = (ms: number) => `${Math.round((ms / 3_600_000) * 10) / 10} h`;
export const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
