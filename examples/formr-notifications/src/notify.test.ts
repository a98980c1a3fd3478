import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { runService, type RunningService } from "./service.fixture.js";

const callbackToken = "a token of some length";

let running: RunningService;

afterEach(() => running.close());

const start = async () => {
  running = await runService({ env: { SENDER: "notify", NOTIFY_CALLBACK_TOKEN: callbackToken } });
  return running;
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await sleep(20);
};

/** Messages that are done. */
const done = (): number => running.log().split('"msg":"done"').length - 1;

describe("the service on GOV.UK Notify", () => {
  it("sends what it would have sent through SES, as text", async () => {
    const { stack } = await start();
    await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
    await until(() => done() === 1);
    expect(stack.notify.sent()).toMatchObject([
      { to: emailOf(1), type: "email", subject: "We have received your Form R (Part A)" },
    ]);
    expect(stack.notify.sent()[0]?.body).toContain("Form R (Part A)");
    expect(stack.ses.accepted()).toBe(0);
    expect(running.log()).not.toContain("@example.org");
  });

  it("with the replies of all sends lost, each email goes out once and is settled by asking", async () => {
    const { stack } = await start();
    stack.notify.setFaults(() => "accept-then-drop");
    // One fewer than what opens the circuit breaker, which lets one message in 30 s try the provider.
    const trainees = Array.from({ length: 4 }, (_, position) => position);
    for (const position of trainees) {
      await stack.submitForm(sampleForm({ traineeId: traineeIdOf(position) }));
    }
    await until(() => done() === trainees.length);
    const addresses = stack.notify.sent().map(({ to }) => to);
    expect(addresses.toSorted()).toEqual(trainees.map(emailOf).toSorted());
    expect(stack.notify.requests()).toBe(trainees.length);
    expect(stack.notify.asked()).toBeGreaterThanOrEqual(trainees.length);
    expect(running.log()).toContain('"msg":"held"');
    expect(running.log()).not.toContain('"msg":"deadLettered"');
  });

  it("holds what Notify doesn't list yet, and sends it no second time", async () => {
    const { stack } = await start();
    stack.notify.setFaults(() => "reset-before-accept");
    await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
    await until(() => stack.notify.asked() >= 3);
    expect(stack.notify.requests()).toBe(1);
    expect(done()).toBe(0);
  });

  it("takes Notify's delivery receipts, with the token alone", async () => {
    const { stack, service } = await start();
    await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
    await until(() => done() === 1);
    const [sent] = stack.notify.sent();
    const post = (token: string) =>
      fetch(`${service.url}/notify/callbacks`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ id: sent?.id, reference: sent?.reference, status: "delivered" }),
      });
    expect((await post("another token of some length")).status).toBe(401);
    expect((await post(callbackToken)).status).toBe(204);
    expect(running.log()).toContain('"msg":"notify.settled"');
  });
});
