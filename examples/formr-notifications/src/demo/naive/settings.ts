import { z } from "zod";

const wholeNumber = z.coerce.number().int().min(0);

const environment = z.object({
  AWS_ENDPOINT_URL_SQS: z.url(),
  AWS_ENDPOINT_URL_SES: z.url(),
  AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: z.url(),
  AWS_REGION: z.string().min(1),
  FORM_UPDATED_QUEUE_URL: z.url(),
  CREDENTIAL_REVOKED_QUEUE_URL: z.url(),
  COGNITO_USER_POOL_ID: z.string().min(1),
  EMAIL_FROM: z.string().min(1),
  APP_URL: z.url(),
  /** How long not to walk the pool again after a walk has finished. */
  WALK_PAUSE_MS: wholeNumber,
  /** How long a user stays in the cache. */
  CACHE_LIFE_MS: wholeNumber,
});

export type Settings = z.infer<typeof environment>;

/** Reads the settings from the environment. */
export const readSettings = (): Settings => environment.parse(process.env);
