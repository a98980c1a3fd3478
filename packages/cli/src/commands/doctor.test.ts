import { createLocalSes, type LocalSes } from "@exactly-once/ses-adapter/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createWorkplace, startStore, type LocalStore, type Workplace } from "../cli.fixture.js";
import { startFakeAws, type FakeAws } from "../doctor/aws.fixture.js";
import { startSqs, type LocalSqs } from "../sqs.fixture.js";

interface Found {
  readonly subject: string;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly leadsTo?: string;
  readonly mend?: {
    readonly text: string;
    readonly cli?: string;
    readonly cloudFormation?: string;
  };
}

interface Findings {
  readonly findings: readonly Found[];
}

/** The emulator's account. */
const TOPICS = "arn:aws:sns:eu-west-2:000000000000:";

describe("doctor", () => {
  let sqs: LocalSqs;
  let ses: LocalSes;
  let aws: FakeAws;
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
          some: { topicArn: `${TOPICS}some-events`, events: ["send"] },
          all: { topicArn: `${TOPICS}all-events` },
        },
      }),
    ]);
    aws = await startFakeAws(sqs.endpoint);
    place = await createWorkplace({ AWS_ENDPOINT_URL: aws.endpoint });
  });
  afterAll(async () => {
    await place.close();
    await Promise.all([aws.close(), sqs.close(), local.stop(), ses.close()]);
  });
  beforeEach(() => {
    Object.assign(aws, {
      mappings: [],
      functionTimeout: 30,
      reservedConcurrency: undefined,
      users: 0,
      denied: new Set(),
    });
  });

  async function configure(settings: object) {
    await place.write("exactly-once.json", JSON.stringify(settings));
  }
  const codes = (json: unknown, severity: string) =>
    (json as Findings).findings.filter((one) => one.severity === severity).map(({ code }) => code);

  /** Findings that aren't fine, by their codes. */
  const wrong = (json: unknown) =>
    Object.fromEntries(
      (json as Findings).findings
        .filter(({ severity }) => severity !== "ok")
        .map((finding) => [finding.code, finding]),
    );

  it("finds nothing wrong where nothing is", async () => {
    const { queueUrl } = await sqs.createPair({
      maxReceiveCount: 100,
      attributes: { VisibilityTimeout: "900" },
    });
    const events = await sqs.createEventsRoute("all-events");
    await configure({
      redis: { url: local.url },
      queues: {
        "form-updated": { url: queueUrl, maxTries: 9, holdForMs: 3_600_000 },
        events: { url: events.queueUrl },
      },
      ses: {
        endpoint: ses.endpoint,
        from: "FormR <no-reply@example.org>",
        configurationSet: "all",
        eventsQueue: "events",
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
        tight: { url: queueUrl, maxTries: 4 },
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
      stdout: expect.stringMatching(/doesn't\s+publish delivery, bounce, reject/) as string,
    });
    await configure({ ses: { endpoint: ses.endpoint, configurationSet: "absent" } });
    const run = await place.run(["doctor"]);
    expect(run.code).toBe(1);
    expect(codes(run.json, "error")).toEqual(["ses-configuration-set"]);
  });

  it("inspects the rest where one service is down", async () => {
    const { queueUrl } = await sqs.createPair({ maxReceiveCount: 100 });
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

  it("finds the incident's deployment, and says it in one sentence", async () => {
    const { queueUrl } = await sqs.createPair({ attributes: { VisibilityTimeout: "30" } });
    aws.users = 40_000;
    await configure({
      queues: {
        "form-updated": {
          ...{ url: queueUrl, consumer: "other", maxProcessingMs: 5_000 },
          walksUserPool: "eu-west-2_Trainees",
        },
      },
    });
    const run = await place.run(["doctor"]);
    expect(run.code).toBe(1);
    const found = wrong(run.json);
    expect(Object.keys(found)).toEqual(["visibility-short"]);
    expect(found["visibility-short"]?.message).toMatch(
      /^queue-\S+ hands a message out again after 30 s while walking the 40000 users of eu-west-2_Trainees takes about 66.7 s on its message path, so that its email goes out up to 10 times$/,
    );
    const text = (await place.run(["doctor", "--no-json"])).stdout;
    expect(text).toContain("    AWS CLI:\n      aws sqs set-queue-attributes --queue-url");
    expect(text).toContain("    CloudFormation:\n      Type: AWS::SQS::Queue\n      Properties:");
  });

  it("looks at the Lambda function behind a queue", async () => {
    const { queueUrl } = await sqs.createPair({
      fifo: true,
      maxReceiveCount: 1_000,
      attributes: { VisibilityTimeout: "30" },
    });
    const queue = { url: queueUrl, consumer: "lambda", maxProcessingMs: 25_000 };
    await configure({ queues: { orders: queue } });
    expect(Object.keys(wrong((await place.run(["doctor"])).json))).toEqual([
      "event-source-mapping-missing",
    ]);
    const mapping = {
      UUID: "a-uuid",
      EventSourceArn: await sqs.arnOf(queueUrl),
      FunctionArn: "arn:aws:lambda:eu-west-2:000000000000:function:mailer",
      State: "Enabled",
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    };
    aws.mappings = [mapping, { ...mapping, UUID: "b-uuid", FunctionResponseTypes: [] }];
    aws.reservedConcurrency = 1;
    const found = wrong((await place.run(["doctor"])).json);
    expect(Object.keys(found).sort()).toEqual([
      "event-source-answers",
      "event-source-concurrency",
      "event-source-visibility",
    ]);
    expect(found["event-source-answers"]?.mend?.cli).toBe(
      "aws lambda update-event-source-mapping --uuid b-uuid --function-response-types ReportBatchItemFailures",
    );
    aws.denied = new Set(["lambda"]);
    expect(wrong((await place.run(["doctor"])).json)).toMatchObject({
      "event-source-unreadable": {
        severity: "warning",
        mend: { text: "grant lambda:ListEventSourceMappings to the role that inspects" },
      },
    });
    // Whom Lambda isn't said to concern needs no permission to ask.
    await configure({ queues: { orders: { ...queue, consumer: "exactly-once" } } });
    expect(wrong((await place.run(["doctor"])).json)).toEqual({});
  });

  it("follows the way of SES's events to the queue", async () => {
    const route = await sqs.createEventsRoute("some-events", { policy: false });
    const settings = {
      ses: { endpoint: ses.endpoint, configurationSet: "some", eventsQueue: "events" },
      queues: { events: { url: route.queueUrl } },
    };
    await configure(settings);
    const found = wrong((await place.run(["doctor"])).json);
    expect(found["ses-events"]?.message).toMatch(/doesn't publish delivery, bounce, reject/);
    expect(found["ses-events-queue-policy"]?.mend?.cli).toMatch(/^aws sqs set-queue-attributes/);
    const { queueUrl } = await sqs.createPair();
    await configure({ ...settings, queues: { events: { url: queueUrl } } });
    expect(wrong((await place.run(["doctor"])).json)["ses-events-subscription"]?.message).toMatch(
      /^the subscription of queue-\S+ to some-events is missing$/,
    );
  });

  it("finds services that share keys or queues", async () => {
    const { queueUrl } = await sqs.createPair({ maxReceiveCount: 100 });
    const own = {
      namespace: "notifications",
      redis: { url: local.url },
      queues: { forms: { url: queueUrl } },
    };
    await configure(own);
    await place.write("same.json", JSON.stringify({ ...own, queues: {} }));
    await place.write("other.json", JSON.stringify({ ...own, namespace: "other" }));
    await place.write("apart.json", JSON.stringify({ ...own, namespace: "apart", queues: {} }));
    const run = await place.run(["doctor", "--with", "same.json", "other.json", "apart.json"]);
    expect(run.code).toBe(1);
    const { findings } = run.json as Findings;
    const told = findings.filter(({ subject }) => subject.startsWith("service of"));
    expect(told.map(({ subject, code }) => `${subject}: ${code}`)).toEqual([
      "service of same.json: namespace-shared",
      "service of other.json: queue-shared",
      "service of apart.json: apart",
    ]);
  });

  it("says of each finding what it leads to and a mend", async () => {
    const { queueUrl } = await sqs.createPair({ maxReceiveCount: 4 });
    const bare = await startStore();
    await configure({
      redis: { url: bare.url },
      queues: { tight: { url: queueUrl, maxTries: 4, consumer: "lambda" } },
      ses: {
        endpoint: ses.endpoint,
        from: "no-reply@elsewhere.example",
        configurationSet: "quiet",
      },
    });
    const { json } = await place.run(["doctor"]);
    await bare.stop();
    const found = Object.values(wrong(json));
    expect(found.length).toBeGreaterThan(5);
    for (const { leadsTo, mend } of found) {
      expect(leadsTo).toEqual(expect.stringMatching(/./));
      expect(mend?.text).toEqual(expect.stringMatching(/./));
    }
  });

  it("inspects one queue by its URL, and ends with 2 where there is nothing to inspect", async () => {
    const { queueUrl } = await sqs.createPair();
    await configure({});
    expect((await place.run(["doctor", "-q", queueUrl])).code).toBe(0);
    expect((await place.run(["doctor"])).code).toBe(2);
  });
});
