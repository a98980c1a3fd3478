import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { mailTo, runService, type RunningService } from "./service.fixture.js";

let running: RunningService;

afterEach(() => running.close());

const lost = [{ fault: "accept-then-drop", when: { on: "every" } }] as const;

it("an email whose reply is lost is settled by SES's event, and its doctor's next one goes out", async () => {
  running = await runService();
  const { stack, service } = running;
  stack.ses.faults.set(lost);
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
  await mailTo(stack, emailOf(1));
  stack.ses.faults.clear();
  // In the same group, so it starts only once the first is done.
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1), lifecycleState: "DELETED" }));
  const emails = await mailTo(stack, emailOf(1), 2);
  expect(emails.map(({ mime }) => mime.subject)).toEqual([
    "We have received your Form R (Part A)",
    "Your Form R (Part A) has been deleted",
  ]);
  expect(running.log()).toContain('"msg":"ses.eventSettled"');
  expect(running.log()).not.toContain('"msg":"deadLettered"');
  expect(running.log()).not.toContain("@example.org");
  const health = (await (await fetch(`${service.url}/health`)).json()) as HealthReport;
  expect(health.consumers["form-updated"]).toMatchObject({ held: 0 });
  expect(health.consumers["ses-events"]).toMatchObject({ state: "running" });
});

it.each(["v1", "v2"] as const)(
  "on SES %s, with the replies of all sends lost, each email goes out once and is settled",
  async (api) => {
    running = await runService({ env: { SES_API: api } });
    const { stack } = running;
    stack.ses.faults.set(lost);
    // One fewer than what opens the circuit breaker, which lets one message in 30 s try the provider.
    const trainees = Array.from({ length: 4 }, (_, position) => position);
    for (const position of trainees) {
      await stack.submitForm(sampleForm({ traineeId: traineeIdOf(position) }));
    }
    for (const position of trainees) await mailTo(stack, emailOf(position));
    const settled = () => running.log().split('"msg":"done"').length - 1;
    while (settled() < trainees.length) await sleep(50);
    expect(stack.ses.accepted()).toBe(trainees.length);
    expect(new Set(stack.ses.sent().map((email) => email.api))).toEqual(new Set([api]));
    expect(running.log()).not.toContain('"msg":"deadLettered"');
  },
);

it("without a queue of events it is held, and never sent a second time", async () => {
  running = await runService({ env: { SES_EVENTS_QUEUE_URL: "" } });
  const { stack } = running;
  stack.ses.faults.set(lost);
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
  await mailTo(stack, emailOf(1));
  while (!running.log().includes('"msg":"held"')) await sleep(20);
  expect(stack.ses.accepted()).toBe(1);
  expect(running.log()).not.toContain("ses-events");
});

interface HealthReport {
  readonly consumers: Readonly<Record<string, unknown>>;
}
