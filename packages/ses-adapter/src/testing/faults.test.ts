import { GetSendQuotaCommand, SendRawEmailCommand, type SESClient } from "@aws-sdk/client-ses";
import { request } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runningOut } from "../../../../scripts/test-time.js";
import type { Fault, FaultKind, FaultPlan, FaultRule } from "./faults.js";
import { letter, sesFixture } from "./local-ses.fixture.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const send = (client: SESClient, to = "doctor@example.org", attempt = "a1") =>
  client.send(
    new SendRawEmailCommand({
      RawMessage: letter(to),
      Destinations: [to],
      Tags: [{ Name: "attempt", Value: attempt }],
    }),
  );

/** What became of a call: the answer's MessageId, the error's name, or the client's own timeout. */
const outcomeOf = async (call: Promise<{ MessageId?: string | undefined }>): Promise<unknown> => {
  try {
    const { MessageId } = await call;
    return MessageId === undefined ? "no MessageId" : "sent";
  } catch (error) {
    return (error as Error).name;
  }
};

/** The bytes of an answer as far as they came; the signature is of the right shape only. */
const rawAnswer = (endpoint: string, body: string) =>
  new Promise<string>((resolve) => {
    const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
    const authorization =
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${date.slice(0, 8)}/eu-west-2/ses/aws4_request, ` +
      `SignedHeaders=host;x-amz-date, Signature=${"a".repeat(64)}`;
    const headers = { authorization, "x-amz-date": date };
    request(endpoint, { method: "POST", headers }, (reply) => {
      let text = "";
      reply.on("data", (chunk: Buffer) => (text += chunk.toString()));
      reply.on("error", () => undefined);
      reply.on("close", () => resolve(text));
    }).end(body);
  });

/** How long the client waits for an answer. */
const PATIENCE_MS = 10_000;
const patience = { requestHandler: { requestTimeout: PATIENCE_MS, throwOnRequestTimeout: true } };

const start = async (plan: FaultPlan) => {
  const ses = await startSes({ faults: plan });
  return { ses, client: clientOf(ses, patience) };
};

describe("a fault", () => {
  // The SDK calls a connection reset by the peer a TimeoutError as well.
  it.each<[FaultKind, accepted: number, outcome: string | RegExp]>([
    ["accept-then-drop", 1, "TimeoutError"],
    ["accept-then-hang", 1, "TimeoutError"],
    ["truncated-200", 1, /^(?:Error|TimeoutError)$/],
    ["cut-body-200", 1, /^/],
    ["empty-200", 1, "no MessageId"],
    ["html-200", 1, "no MessageId"],
    ["500-after-accept", 1, "InternalFailure"],
    ["500-before-accept", 0, "InternalFailure"],
    ["503", 0, "ServiceUnavailable"],
    ["throttle", 0, "Throttling"],
    ["daily-quota", 0, "Throttling"],
    ["reject", 0, "MessageRejected"],
    ["hang", 0, "TimeoutError"],
    ["reset-before-accept", 0, "TimeoutError"],
  ])(
    "%s leaves %i accepted email, and the next call is unharmed",
    async (kind, accepted, outcome) => {
      const { ses, client } = await start([{ fault: kind, when: { on: "nth", calls: [1] } }]);
      const once = () => ses.requests().length === 1 && ses.accepted() === accepted;
      const sending = () => outcomeOf(send(client));
      expect(
        await (kind.endsWith("hang") ? runningOut(sending, { ms: PATIENCE_MS, once }) : sending()),
      ).toMatch(outcome);
      expect(ses.accepted()).toBe(accepted);
      expect(ses.requests()[0]).toMatchObject({ fault: kind, carriedOut: accepted === 1 });
      expect(ses.faults.struck()).toEqual({ [kind]: 1 });

      expect(await outcomeOf(send(client))).toBe("sent");
      expect(ses.accepted()).toBe(accepted + 1);
      expect(ses.requests()[1]).toMatchObject({ fault: undefined, carriedOut: true });
    },
  );

  it.each(["cut-body-200", "truncated-200"] as const)(
    "%s cuts the MessageId itself",
    async (fault) => {
      const { ses } = await start([{ fault, when: { on: "every" } }]);
      const body = new URLSearchParams({
        Action: "SendRawEmail",
        "RawMessage.Data": letter().Data.toString("base64"),
      });
      const answered = await rawAnswer(ses.endpoint, body.toString());
      const id = ses.sent()[0]?.messageId ?? "";
      expect(answered).toContain(`<MessageId>${id.slice(0, 10)}`);
      expect(answered).not.toContain(id);
    },
  );

  it.each([
    ["throttle", "Maximum sending rate exceeded."],
    ["daily-quota", "Daily message quota exceeded."],
  ] as const)("%s speaks as SES does", async (fault, message) => {
    const { client } = await start([{ fault, when: { on: "every" } }]);
    await expect(send(client)).rejects.toMatchObject({
      message,
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("leaves a message that SES would refuse unaccepted", async () => {
    const { ses, client } = await start([{ fault: "accept-then-drop", when: { on: "every" } }]);
    expect(await outcomeOf(send(client, "nobody"))).toBe("InvalidParameterValue");
    expect(ses.accepted()).toBe(0);
  });

  it("strikes other actions when the rule names them", async () => {
    const { client } = await start([
      { fault: "503", when: { on: "every" }, actions: ["GetSendQuota"] },
    ]);
    await expect(client.send(new GetSendQuotaCommand({}))).rejects.toMatchObject({
      name: "ServiceUnavailable",
      $metadata: { httpStatusCode: 503 },
    });
    expect(await outcomeOf(send(client))).toBe("sent");
  });
});

describe("a delay", () => {
  /** Timers run out when the test says so. */
  const holdTimers = () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
  };

  it("before acceptance outlives the client's patience: the email is accepted later", async () => {
    const { ses, client } = await start(() => ({ kind: "delay", ms: 3 * PATIENCE_MS }));
    holdTimers();
    const call = outcomeOf(send(client));
    await expect.poll(() => ses.requests().length).toBe(1);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await call).toBe("TimeoutError");
    expect(ses.accepted()).toBe(0);
    await vi.advanceTimersByTimeAsync(2 * PATIENCE_MS);
    await expect.poll(() => ses.accepted()).toBe(1);
  });

  it("before the reply comes after acceptance", async () => {
    const { ses, client } = await start(() => ({
      ...{ kind: "delay", ms: 3 * PATIENCE_MS, before: "reply" },
    }));
    holdTimers();
    let answered = false;
    const call = outcomeOf(send(client)).finally(() => (answered = true));
    await expect.poll(() => ses.accepted()).toBe(1);
    expect(answered).toBe(false);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await call).toBe("TimeoutError");
  });

  it("within the client's patience does no harm", async () => {
    const { client } = await start(() => ({ kind: "delay", ms: 5 }));
    expect(await outcomeOf(send(client))).toBe("sent");
  });
});

describe("a plan", () => {
  const strikes = async (rule: Omit<FaultRule, "fault">, calls: readonly [string, string][]) => {
    const { client } = await start([{ fault: "503", ...rule }]);
    const struck: boolean[] = [];
    for (const [to, attempt] of calls) {
      struck.push((await outcomeOf(send(client, to, attempt))) === "ServiceUnavailable");
    }
    return struck;
  };
  const same = (count: number) =>
    Array.from({ length: count }, (): [string, string] => ["d@example.org", "a"]);

  it("strikes each recipient's first try", async () => {
    const calls: [string, string][] = [
      ["a@example.org", "1"],
      ["b@example.org", "2"],
      ["A@example.org", "3"],
      ["b@example.org", "4"],
    ];
    expect(await strikes({ when: { on: "first-of-each", by: "recipient" } }, calls)).toEqual([
      ...[true, true, false, false],
    ]);
  });

  it("strikes the first try of each value of a tag", async () => {
    const calls: [string, string][] = [
      ["a@example.org", "1"],
      ["b@example.org", "1"],
      ["c@example.org", "2"],
    ];
    const when = { on: "first-of-each", by: { tag: "attempt" } } as const;
    expect(await strikes({ when }, calls)).toEqual([true, false, true]);
  });

  it("strikes the calls whose numbers it names", async () => {
    const when = { on: "nth", calls: [2, 3] } as const;
    expect(await strikes({ when }, same(4))).toEqual([false, true, true, false]);
  });

  it("strikes every nth call, and not more often than told", async () => {
    const when = { on: "every", nth: 2 } as const;
    expect(await strikes({ when, times: 2 }, same(6))).toEqual([
      ...[false, true, false, true, false, false],
    ]);
  });

  it("strikes by a chance that its seed repeats", async () => {
    const when = { on: "chance", probability: 0.5, seed: 7 } as const;
    const first = await strikes({ when }, same(12));
    expect(await strikes({ when }, same(12))).toEqual(first);
    expect(new Set(first)).toEqual(new Set([true, false]));
  });

  it("may be a function of the call", async () => {
    const seen: unknown[] = [];
    const plan = (call: { number: number; recipients: readonly string[] }): Fault | undefined => {
      seen.push(call);
      return call.recipients.includes("b@example.org") ? "reject" : undefined;
    };
    const { client } = await start(plan);
    expect(await outcomeOf(send(client, "a@example.org"))).toBe("sent");
    expect(await outcomeOf(send(client, "b@example.org"))).toBe("MessageRejected");
    expect(seen[1]).toMatchObject({
      number: 2,
      action: "SendRawEmail",
      source: "Forms <forms@example.com>",
      recipients: ["b@example.org"],
      tags: { attempt: "a1" },
    });
  });

  it("takes the first rule that strikes, while all rules count", async () => {
    const { client } = await start([
      { fault: "503", when: { on: "nth", calls: [1] } },
      { fault: "throttle", when: { on: "nth", calls: [1, 2] } },
    ]);
    const outcomes: unknown[] = [];
    for (let n = 0; n < 3; n += 1) outcomes.push(await outcomeOf(send(client)));
    expect(outcomes).toEqual(["ServiceUnavailable", "Throttling", "sent"]);
  });

  it("can be replaced and cleared while the server runs", async () => {
    const { ses, client } = await start([]);
    ses.faults.set([{ fault: "503", when: { on: "every" } }]);
    expect(await outcomeOf(send(client))).toBe("ServiceUnavailable");
    ses.faults.clear();
    expect(await outcomeOf(send(client))).toBe("sent");
  });
});
