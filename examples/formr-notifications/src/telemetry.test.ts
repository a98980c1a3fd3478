import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, it } from "vitest";
import { startCollector, type Collector } from "./collector.fixture.js";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { mailTo, runService, type RunningService } from "./service.fixture.js";

const DOCTOR = {
  username: "planted",
  attributes: {
    sub: "planted",
    email: "marigold.pettigrew@example.org",
    email_verified: "true",
    family_name: "Pettigrew",
    given_name: "Marigold",
    "custom:tisId": "777001",
  },
};

let collector: Collector | undefined;
let running: RunningService | undefined;

afterEach(async () => {
  await running?.close();
  await collector?.close();
  running = collector = undefined;
});

async function serviceWith(endpoint: string): Promise<RunningService> {
  running = await runService({
    cognito: { users: 20, extraUsers: [DOCTOR] },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  });
  return running;
}

describe("with a collector", () => {
  it("a trace leads from the producer to the attempt, and nothing tells who got the email", async () => {
    collector = await startCollector("well");
    const { stack, service } = await serviceWith(collector.endpoint);
    const producer = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    await stack.queues.client.send(
      new SendMessageCommand({
        QueueUrl: stack.formUpdated.url,
        MessageBody: JSON.stringify(sampleForm({ traineeId: "777001" })),
        MessageAttributes: {
          traceparent: {
            DataType: "String",
            StringValue: `00-${producer.traceId}-${producer.spanId}-01`,
          },
        },
        ...(stack.formUpdated.url.endsWith(".fifo")
          ? { MessageGroupId: "777001", MessageDeduplicationId: "one" }
          : {}),
      }),
    );
    await mailTo(stack, DOCTOR.attributes.email);
    await service.stop();
    const spans = collector.spans();
    const message = spans.find(({ name }) => name.startsWith("process "));
    const attempt = spans.find(({ name }) => name === "send email");
    expect(message?.links).toMatchObject([producer]);
    expect(attempt).toMatchObject({ traceId: message?.traceId, parentSpanId: message?.spanId });
    const names = new Set(collector.metrics().map(({ name }) => name));
    for (const name of [
      "exactly_once.messages",
      "exactly_once.sends",
      "messaging.process.duration",
      "exactly_once.message.duration",
      "exactly_once.in_flight",
      "exactly_once.held",
      "exactly_once.user_cache.age",
    ]) {
      expect(names).toContain(name);
    }
    expect(collector.metrics().every(({ unit }) => unit !== "")).toBe(true);
    const exported = collector.bodies.join("\n").toLowerCase();
    for (const planted of ["marigold", "pettigrew", "@example.org", "general practice"]) {
      expect(exported).not.toContain(planted);
    }
  });
});

describe.each(["down", "slow", "refusing"] as const)("with a collector that is %s", (habit) => {
  it("each email goes out once, and the service stops", async () => {
    collector = await startCollector(habit === "down" ? "well" : habit);
    const { endpoint } = collector;
    if (habit === "down") {
      await collector.close();
      collector = undefined;
    }
    const { stack, service } = await serviceWith(endpoint);
    for (let i = 0; i < 5; i += 1) {
      await stack.submitForm(sampleForm({ traineeId: traineeIdOf(i) }));
    }
    for (let i = 0; i < 5; i += 1) await mailTo(stack, emailOf(i));
    await service.stop();
    expect(stack.ses.sent()).toHaveLength(5);
    expect(await stack.queues.takeDeadLetters(stack.formUpdated)).toEqual([]);
  });
});
