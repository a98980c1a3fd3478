import type { Sender, TripwirePolicy } from "@exactly-once/core";
import type { UserCache } from "@exactly-once/core/user-cache";
import type { TraineeAccount } from "./cognito/trainee-account.js";
import type { Email } from "./email/email.js";

/** What both pipelines need. */
export interface PipelineSettings {
  readonly users: Pick<UserCache<TraineeAccount>, "lookup">;
  readonly mailer: Sender<Email>;
  /** Without a slash at the end. */
  readonly appUrl: string;
  /** Milliseconds an email of unknown fate is held for evidence before it is dead-lettered. */
  readonly holdForMs: number;
  /** How many emails are too many, and what becomes of them then. */
  readonly budgets: TripwirePolicy;
}
