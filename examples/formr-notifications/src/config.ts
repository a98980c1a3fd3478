import { ConfigurationError, type Delivery } from "@exactly-once/core";
import { z } from "zod";

/** What a value is worth when it is missing or bad: the words after the variable's name. */
const required = (what: string) => z.string({ error: `is missing: ${what}` });

const wholeNumber = (least: number, most: number, otherwise: number) =>
  z.coerce
    .number({ error: "must be a number" })
    .int("must be a whole number")
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`)
    .default(otherwise);

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

const environment = z.object({
  FORM_UPDATED_QUEUE_URL: required("the URL of the form-updated queue").pipe(httpUrl),
  CREDENTIAL_REVOKED_QUEUE_URL: required("the URL of the credential-revoked queue").pipe(httpUrl),
  COGNITO_USER_POOL_ID: required("the user pool of the trainees").pipe(
    z.string().regex(/^[\w-]+_[0-9a-zA-Z]+$/, "must be a user pool id such as eu-west-2_AbCdEf123"),
  ),
  APP_URL: required("where trainees see their forms, such as https://trainee.example.org").pipe(
    httpUrl,
  ),
  EMAIL_FROM: required("the verified address that emails come from").pipe(
    z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/, "must be an email address"),
  ),
  EMAIL_FROM_NAME: z
    .string()
    .regex(/^[^\r\n]*$/, "must be one line")
    .default("Trainee Information System"),
  DELIVERY: z
    .enum(["live", "allowlist", "dry-run"], {
      error: ({ input }) =>
        `${input === undefined ? "is missing" : "is none of these"}: live, allowlist or dry-run`,
    })
    .describe("no default: whoever deploys says whether doctors get mail"),
  DELIVERY_ALLOWLIST: z.string().default("").transform(listOf),
  NAMESPACE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,89}$/, "must be 1 to 89 of A-Z a-z 0-9 _ -")
    .default("tis-notifications"),
  AWS_REGION: z.string().default("eu-west-2"),
  AWS_ENDPOINT_URL_SQS: httpUrl.optional(),
  AWS_ENDPOINT_URL_SES: httpUrl.optional(),
  AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: httpUrl.optional(),
  SES_API: z
    .enum(["v1", "v2"], { error: "is neither v1 nor v2" })
    .default("v2")
    .describe("SES's second API; the first, where the role may only use that"),
  SENDER: z
    .enum(["ses", "notify"], { error: "is neither ses nor notify" })
    .default("ses")
    .describe("through whom emails go: Amazon SES, or GOV.UK Notify"),
  NOTIFY_API_KEY: z.string().optional(),
  NOTIFY_TEMPLATE_ID: z.uuid("must be a template's id").optional(),
  NOTIFY_API_URL: httpUrl.optional(),
  NOTIFY_CALLBACK_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  SES_CONFIGURATION_SET: z.string().optional(),
  SES_EVENTS_QUEUE_URL: httpUrl.optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis(s):// URL" }).optional(),
  HISTORY_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  ALLOW: z.string().default("").transform(codesOf),
  DIGEST_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
  CONCURRENCY: wholeNumber(1, 1_000, 20),
  VISIBILITY_SECONDS: wholeNumber(1, 21_600, 60),
  HOLD_MINUTES: wholeNumber(1, 10_000, 60),
  EMAILS_PER_HOUR_WARNING: wholeNumber(1, 1_000, 10),
  EMAILS_PER_MINUTE_PAUSE: wholeNumber(1, 1_000_000, 1_000),
  USER_CACHE_TTL_SECONDS: wholeNumber(1, 86_400, 3_600),
  USER_CACHE_MIN_INTERVAL_SECONDS: wholeNumber(0, 86_400, 60),
  USER_CACHE_LISTING_DELAY_SECONDS: wholeNumber(0, 3_600, 5),
  COGNITO_CALLS_PER_SECOND: wholeNumber(1, 10_000, 15),
  DRAIN_SECONDS: wholeNumber(1, 3_600, 25),
  HOST: z.string().default("127.0.0.1"),
  PORT: wholeNumber(0, 65_535, 8_080),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be trace, debug, info, warn, error, fatal or silent",
    })
    .default("info"),
});

/** How emails go through GOV.UK Notify. */
export interface NotifyConfig {
  readonly apiKey: string;
  /** Of a template whose subject is `((subject))` and whose body is `((body))`. */
  readonly templateId: string;
  /** Default GOV.UK Notify itself. */
  readonly url: string | undefined;
  /** What Notify bears when it calls back; without it, it doesn't. */
  readonly callbackToken: string | undefined;
}

/** The service's settings. README.md lists the variables they come from. */
export interface Config {
  readonly formUpdatedQueueUrl: string;
  readonly credentialRevokedQueueUrl: string;
  readonly userPoolId: string;
  /** Origin (and path, if any) of the trainees' application, without a slash at the end. */
  readonly appUrl: string;
  readonly from: { readonly address: string; readonly name: string };
  readonly delivery: Delivery;
  readonly namespace: string;
  readonly region: string;
  readonly endpoints: {
    readonly sqs: string | undefined;
    readonly ses: string | undefined;
    readonly cognito: string | undefined;
  };
  /** Through whom emails go. */
  readonly sender: "ses" | "notify";
  /** What GOV.UK Notify knows the service by; there where emails go through it. */
  readonly notify: NotifyConfig | undefined;
  /** Which of SES's two APIs emails go through. */
  readonly sesApi: "v1" | "v2";
  readonly configurationSet: string | undefined;
  /** Where SES's events arrive; without it, unknown outcomes wait for an operator. */
  readonly sesEventsQueueUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** What readers of the send history have to bear. */
  readonly historyToken: string | undefined;
  /** Where spans and metrics go; without it, nowhere. */
  readonly otlpEndpoint: string | undefined;
  /** Faults of the deployment to start with all the same. */
  readonly allow: readonly string[];
  readonly digestSecret: string | undefined;
  readonly concurrency: number;
  readonly visibilityMs: number;
  readonly holdForMs: number;
  /** Emails to one recipient within an hour from which on the log warns. */
  readonly emailsPerHourWarning: number;
  /** Emails of one template within a minute from which on the pipeline is paused. */
  readonly emailsPerMinutePause: number;
  readonly userCacheTtlMs: number;
  readonly userCacheMinIntervalMs: number;
  readonly userCacheListingDelayMs: number;
  readonly cognitoCallsPerSecond: number;
  readonly drainMs: number;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
}

/**
 * Reads the settings from the environment. An empty variable counts as missing.
 *
 * @throws ConfigurationError one for all: a line for every variable that is missing or bad. Values
 *   are not repeated, since some are secrets.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  const parsed = environment.safeParse(Object.fromEntries(present));
  const faults = parsed.success
    ? faultsBetween(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  if (!parsed.success || faults.length > 0) {
    const lines = faults.map((fault) => `  - ${fault}`).join("\n");
    throw new ConfigurationError(
      `The environment can't be used; put these right and start again:\n${lines}`,
    );
  }
  return toConfig(parsed.data);
}

type Environment = z.infer<typeof environment>;

function faultsBetween(env: Environment): readonly string[] {
  const faults: string[] = [];
  if (env.DELIVERY === "allowlist" && env.DELIVERY_ALLOWLIST.length === 0) {
    faults.push("DELIVERY_ALLOWLIST is missing: who may get mail, as a@example.org,@example.com");
  }
  if (env.FORM_UPDATED_QUEUE_URL === env.CREDENTIAL_REVOKED_QUEUE_URL) {
    faults.push("CREDENTIAL_REVOKED_QUEUE_URL must be another queue than FORM_UPDATED_QUEUE_URL");
  }
  if (env.SENDER === "notify" && env.NOTIFY_API_KEY === undefined) {
    faults.push("NOTIFY_API_KEY is missing: what GOV.UK Notify knows the service by");
  }
  if (env.SENDER === "notify" && env.NOTIFY_TEMPLATE_ID === undefined) {
    faults.push("NOTIFY_TEMPLATE_ID is missing: a template of ((subject)) and ((body))");
  }
  const { SES_EVENTS_QUEUE_URL: events } = env;
  if (events === env.FORM_UPDATED_QUEUE_URL || events === env.CREDENTIAL_REVOKED_QUEUE_URL) {
    faults.push("SES_EVENTS_QUEUE_URL must be a queue of its own");
  }
  return faults;
}

function toConfig(env: Environment): Config {
  return {
    formUpdatedQueueUrl: env.FORM_UPDATED_QUEUE_URL,
    credentialRevokedQueueUrl: env.CREDENTIAL_REVOKED_QUEUE_URL,
    userPoolId: env.COGNITO_USER_POOL_ID,
    appUrl: env.APP_URL.replace(/\/+$/, ""),
    from: { address: env.EMAIL_FROM, name: env.EMAIL_FROM_NAME },
    delivery:
      env.DELIVERY === "allowlist"
        ? { mode: "allowlist", allow: allows(env.DELIVERY_ALLOWLIST) }
        : env.DELIVERY,
    namespace: env.NAMESPACE,
    region: env.AWS_REGION,
    endpoints: {
      sqs: env.AWS_ENDPOINT_URL_SQS,
      ses: env.AWS_ENDPOINT_URL_SES,
      cognito: env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,
    },
    sender: env.SENDER,
    notify: notifyOf(env),
    sesApi: env.SES_API,
    configurationSet: env.SES_CONFIGURATION_SET,
    sesEventsQueueUrl: env.SES_EVENTS_QUEUE_URL,
    redisUrl: env.REDIS_URL,
    historyToken: env.HISTORY_TOKEN,
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    allow: env.ALLOW,
    digestSecret: env.DIGEST_SECRET,
    concurrency: env.CONCURRENCY,
    visibilityMs: env.VISIBILITY_SECONDS * 1_000,
    holdForMs: env.HOLD_MINUTES * 60_000,
    emailsPerHourWarning: env.EMAILS_PER_HOUR_WARNING,
    emailsPerMinutePause: env.EMAILS_PER_MINUTE_PAUSE,
    userCacheTtlMs: env.USER_CACHE_TTL_SECONDS * 1_000,
    userCacheMinIntervalMs: env.USER_CACHE_MIN_INTERVAL_SECONDS * 1_000,
    userCacheListingDelayMs: env.USER_CACHE_LISTING_DELAY_SECONDS * 1_000,
    cognitoCallsPerSecond: env.COGNITO_CALLS_PER_SECOND,
    drainMs: env.DRAIN_SECONDS * 1_000,
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
  };
}

function notifyOf(env: Environment): NotifyConfig | undefined {
  const { NOTIFY_API_KEY: apiKey, NOTIFY_TEMPLATE_ID: templateId } = env;
  if (env.SENDER !== "notify" || apiKey === undefined || templateId === undefined) return undefined;
  const { NOTIFY_API_URL: url, NOTIFY_CALLBACK_TOKEN: callbackToken } = env;
  return { apiKey, templateId, url, callbackToken };
}

function codesOf(text: string): readonly string[] {
  return listOf(text).map((code) => code.toUpperCase());
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
}

/** Whole addresses, or everybody at `@domain`. */
function allows(allowlist: readonly string[]): (recipient: string) => boolean {
  return (recipient) => {
    const address = recipient.trim().toLowerCase();
    return allowlist.some((entry) =>
      entry.startsWith("@") ? address.endsWith(entry) : address === entry,
    );
  };
}
