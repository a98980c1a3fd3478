import { describe, expect, it } from "vitest";
import { readConfig } from "./config.js";

const enough = {
  FORM_UPDATED_QUEUE_URL: "https://sqs.eu-west-2.amazonaws.com/1/form-updated.fifo",
  CREDENTIAL_REVOKED_QUEUE_URL: "https://sqs.eu-west-2.amazonaws.com/1/credential-revoked.fifo",
  COGNITO_USER_POOL_ID: "eu-west-2_AbCdEf123",
  APP_URL: "https://trainee.example.org/",
  EMAIL_FROM: "no-reply@example.org",
  DELIVERY: "live",
};

function faultOf(env: Record<string, string | undefined>): string {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("accepted");
}

describe("the configuration", () => {
  it("needs six variables, and has defaults for the rest", () => {
    expect(readConfig(enough)).toMatchObject({
      appUrl: "https://trainee.example.org",
      delivery: "live",
      namespace: "tis-notifications",
      visibilityMs: 60_000,
      host: "127.0.0.1",
      port: 8_080,
      redisUrl: undefined,
      sesApi: "v2",
      sesEventsQueueUrl: undefined,
    });
  });

  it("names every missing variable at once", () => {
    const fault = faultOf({});
    for (const name of Object.keys(enough)) expect(fault).toContain(`- ${name} is missing`);
  });

  it("names every bad variable at once, and repeats no value", () => {
    const bad = {
      FORM_UPDATED_QUEUE_URL: "form-updated",
      COGNITO_USER_POOL_ID: "the pool",
      APP_URL: "javascript:alert(1)",
      EMAIL_FROM: "nobody",
      SES_API: "v3",
      SENDER: "pigeon",
      NOTIFY_TEMPLATE_ID: "letters",
      NOTIFY_CALLBACK_TOKEN: "hunter2",
      EMAIL_FROM_NAME: "TIS\r\nBcc: x",
      DELIVERY: "maybe",
      REDIS_URL: "http://user:hunter2@redis",
      DIGEST_SECRET: "hunter2",
      HISTORY_TOKEN: "hunter2",
      CONCURRENCY: "many",
      VISIBILITY_SECONDS: "0",
      USER_CACHE_TTL_SECONDS: "1.5",
      PORT: "70000",
      LOG_LEVEL: "loud",
    };
    const fault = faultOf({ ...enough, ...bad });
    for (const name of Object.keys(bad)) expect(fault).toContain(`- ${name} `);
    expect(fault.split("\n")).toHaveLength(1 + Object.keys(bad).length);
    expect(fault).not.toContain("hunter2");
  });

  it("takes an empty variable for a missing one", () => {
    expect(faultOf({ ...enough, APP_URL: "" })).toContain("APP_URL is missing");
    expect(readConfig({ ...enough, REDIS_URL: "" }).redisUrl).toBeUndefined();
  });

  it("refuses one queue for two purposes", () => {
    const both = { ...enough, CREDENTIAL_REVOKED_QUEUE_URL: enough.FORM_UPDATED_QUEUE_URL };
    expect(faultOf(both)).toContain("must be another queue");
    const events = { ...enough, SES_EVENTS_QUEUE_URL: enough.FORM_UPDATED_QUEUE_URL };
    expect(faultOf(events)).toContain("SES_EVENTS_QUEUE_URL must be a queue of its own");
  });

  it("needs a key and a template where emails go through GOV.UK Notify", () => {
    const fault = faultOf({ ...enough, SENDER: "notify" });
    expect(fault).toContain("NOTIFY_API_KEY is missing");
    expect(fault).toContain("NOTIFY_TEMPLATE_ID is missing");
    const keys = {
      NOTIFY_API_KEY: "k",
      NOTIFY_TEMPLATE_ID: "f33517ff-2a88-4f6e-b855-c550268ce08a",
    };
    expect(readConfig({ ...enough, ...keys }).notify).toBeUndefined();
    expect(readConfig({ ...enough, ...keys, SENDER: "notify" })).toMatchObject({
      ...{ sender: "notify", notify: { apiKey: "k", callbackToken: undefined } },
    });
  });

  it("needs a list for delivery by list, of addresses and whole domains", () => {
    expect(faultOf({ ...enough, DELIVERY: "allowlist" })).toContain(
      "DELIVERY_ALLOWLIST is missing",
    );
    const { delivery } = readConfig({
      ...enough,
      DELIVERY: "allowlist",
      DELIVERY_ALLOWLIST: "Me@Example.org, @nhs.example",
    });
    if (typeof delivery === "string") throw new Error("not a list");
    expect(delivery.allow("me@example.org")).toBe(true);
    expect(delivery.allow("you@nhs.example")).toBe(true);
    expect(delivery.allow("you@example.org")).toBe(false);
    expect(delivery.allow("x@evil-nhs.example")).toBe(false);
  });
});
