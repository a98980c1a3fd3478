import { createLocalSes, type LocalSes } from "@exactly-once/ses-adapter/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, startStore, type LocalStore, type Workplace } from "../cli.fixture.js";
import { startSqs, type LocalSqs } from "../sqs.fixture.js";

interface Findings {
  readonly findings: readonly {
    readonly subject: string;
    readonly severity: string;
    readonly code: string;
  }[];
}

describe("doctor", () => {
  let sqs: LocalSqs;
  let ses: LocalSes;
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    [sqs, local, ses] = await Promise.all([
      startSqs(),
      startStore({ appendonly: "yes" }),
      createLocalSes({
        identities: ["example.org"],
        configurationSets: {
          quiet: {},
          some: { topicArn: "arn:aws:sns:eu-west-2:123456789012:events", events: ["send"] },
          all: { topicArn: "arn:aws:sns:eu-west-2:123456789012:events" },
        },
      }),
    ]);
    place = await createWorkplace({ AWS_ENDPOINT_URL: sqs.endpoint });
  });
  afterAll(async () => {
    await place.close();
    await Promise.all([sqs.close(), local.stop(), ses.close()]);
  });

  async function configure(settings: object) {
    await place.write("exactly-once.json", JSON.stringify(settings));
  }
  const codes = (json: unknown, severity: string) =>
    (json as Findings).findings.filter((one) => one.severity === severity).map(({ code }) => code);

  it("finds nothing wrong where nothing is", async () => {
    const { queueUrl } = await sqs.createPair({ attributes: { VisibilityTimeout: "900" } });
    await configure({
      redis: { url: local.url },
      queues: { "form-updated": { url: queueUrl, maxReceives: 9, holdForMs: 3_600_000 } },
      ses: {
        endpoint: ses.endpoint,
        from: "FormR <no-reply@example.org>",
        configurationSet: "all",
      },
    });
    const run = await place.run(["doctor"]);
    expect(run.code).toBe(0);
    expect(codes(run.json, "error")).toEqual([]);
    // One server is what the test has.
    expect(codes(run.json, "warning")).toEqual(["redis-no-replicas"]);
    const text = (await place.run(["doctor", "--no-json"])).stdout;
    expect(text).toMatch(/^queue form-updated\n {2}ok/m);
    expect(text).toMatch(/0 errors, 1 warnings\./);
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("ends with 1 and tells everything that could lose or double a message", async () => {
    const { queueUrl } = await sqs.createPair({ maxReceiveCount: 4 });
    const bare = await startStore();
    await configure({
      redis: { url: bare.url },
      queues: {
        tight: { url: queueUrl, maxReceives: 4 },
        absent: { url: `${queueUrl}-not` },
      },
      ses: {
        endpoint: ses.endpoint,
        from: "no-reply@elsewhere.example",
        configurationSet: "quiet",
      },
    });
    const run = await place.run(["doctor"]);
    await bare.stop();
    expect(run.code).toBe(1);
    expect(codes(run.json, "error").sort()).toEqual([
      ...["queue-missing", "receive-budget", "redis-no-persistence", "ses-events", "ses-identity"],
    ]);
  });

  it("tells of events that a configuration set keeps to itself, and of one that isn't there", async () => {
    await configure({ ses: { endpoint: ses.endpoint, configurationSet: "some" } });
    expect(await place.run(["doctor", "--no-json"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/doesn't publish delivery, bounce, reject/) as string,
    });
    await configure({ ses: { endpoint: ses.endpoint, configurationSet: "absent" } });
    const run = await place.run(["doctor"]);
    expect(run.code).toBe(1);
    expect(codes(run.json, "error")).toEqual(["ses-configuration-set"]);
  });

  it("inspects the rest where one service is down", async () => {
    const { queueUrl } = await sqs.createPair();
    await configure({
      redis: { url: "redis://127.0.0.1:1" },
      queues: { forms: { url: queueUrl } },
      ses: { endpoint: "http://127.0.0.1:1", configurationSet: "all" },
    });
    const run = await place.run(["doctor"]);
    expect(run.code).toBe(1);
    expect(codes(run.json, "error")).toContain("redis-unavailable");
    expect(codes(run.json, "error")).toContain("ses-quota-unavailable");
    expect(codes(run.json, "ok")).toContain("receive-budget");
  });

  it("inspects one queue by its URL, and ends with 2 where there is nothing to inspect", async () => {
    const { queueUrl } = await sqs.createPair();
    await configure({});
    expect((await place.run(["doctor", "-q", queueUrl])).code).toBe(0);
    expect((await place.run(["doctor"])).code).toBe(2);
  });
});
