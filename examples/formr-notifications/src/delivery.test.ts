import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { mailTo, runService, type RunningService } from "./service.fixture.js";

let running: RunningService;

afterEach(() => running.close());

it("goes only to those on the list, where there is one", async () => {
  running = await runService({
    env: { DELIVERY: "allowlist", DELIVERY_ALLOWLIST: emailOf(2) },
  });
  const { stack } = running;
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }), "one");
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(2) }), "one");
  await mailTo(stack, emailOf(2));
  expect(stack.ses.accepted()).toBe(1);
  expect(running.log().match(/"msg":"done"/g)?.length).toBeGreaterThanOrEqual(1);
});

it("holds what is the same email to the same doctor, and keeps that out of the log", async () => {
  running = await runService();
  const { stack } = running;
  // A producer that stamps copies of one submission milliseconds apart makes keys of their own.
  const first = sampleForm({ traineeId: traineeIdOf(1), eventDate: "2024-07-01T10:00:00.001Z" });
  await stack.submitForm(first, "one");
  await mailTo(stack, emailOf(1));
  await stack.submitForm({ ...first, eventDate: "2024-07-01T10:00:00.002Z" }, "two");
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(2) }), "three");
  await mailTo(stack, emailOf(2));
  while (!running.log().includes('"reason":"tripwire"')) {
    await sleep(20);
  }
  expect(stack.ses.accepted()).toBe(2);
  expect(running.log()).not.toContain("@example.org");
});
