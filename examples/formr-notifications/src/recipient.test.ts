import { afterEach, describe, expect, it } from "vitest";
import { traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { deadLetterOf, mailTo, runService, type RunningService } from "./service.fixture.js";

/** Of a page: nobody waits until a walk ends. */
const FOR_LONG_MS = 600_000;

let running: RunningService;

afterEach(() => running.close());

describe("a trainee whose account is newer than what is known", () => {
  it("is found by one more walk, while the message waits in the queue", async () => {
    running = await runService({
      cognito: { users: 200 },
      env: { USER_CACHE_MIN_INTERVAL_SECONDS: "0", USER_CACHE_LISTING_DELAY_SECONDS: "0" },
    });
    const { stack } = running;
    stack.cognito.configure({ pageLatencyMs: FOR_LONG_MS });
    stack.cognito.addUsers([
      { username: "new", attributes: { email: "new@example.org", "custom:tisId": "new" } },
    ]);
    stack.cognito.resetCounts();
    await stack.submitForm(sampleForm({ traineeId: "new" }));
    await expect.poll(() => running.log()).toContain('"reason":"deferred"');
    stack.cognito.configure({ pageLatencyMs: 0 });
    expect(await mailTo(stack, "new@example.org")).toHaveLength(1);
    expect(stack.cognito.counts().walks).toBe(1);
  });

  it("keeps nobody else waiting", async () => {
    running = await runService({
      cognito: { users: 200 },
      env: {
        USER_CACHE_MIN_INTERVAL_SECONDS: "0",
        USER_CACHE_LISTING_DELAY_SECONDS: "0",
        CONCURRENCY: "1",
      },
    });
    const { stack } = running;
    stack.cognito.configure({ pageLatencyMs: FOR_LONG_MS });
    const body = JSON.stringify(sampleForm({ traineeId: "nobody" }));
    await stack.submitForm(body, "nobody");
    await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
    const [known] = await mailTo(stack, "trainee-1@example.org");
    expect(known).toBeDefined();
    expect(stack.cognito.counts().walksCompleted).toBe(1);
    stack.cognito.configure({ pageLatencyMs: 0 });
    const { note } = await deadLetterOf(stack, stack.formUpdated, body);
    expect(note?.text).toBe("Trainee nobody has no account in the user pool.");
  });
});
