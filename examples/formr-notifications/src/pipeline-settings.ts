import type { Sender } from "@exactly-once/core";
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
  /** Emails to one recipient within an hour from which on to warn. */
  readonly emailsPerHourWarning: number;
}
