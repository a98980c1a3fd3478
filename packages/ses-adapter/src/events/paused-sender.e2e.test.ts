import { memoryStore } from "@exactly-once/core";
import { systemClock } from "@exactly-once/core/ports";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeTsArgs } from "../../../../scripts/node-ts-args.mjs";
import { beginAttempt, namespace, pipeline } from "./attempts.fixture.js";
import { email, mailerFixture } from "../mailer/mailer.fixture.js";
import { attemptOf } from "../mailer/attempt.fixture.js";
import { memoryReconcileProgress } from "./reconcile-progress.js";
import { createReconciler } from "./reconciler.js";
import { sesFixture } from "../testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

/** AWS's five minutes, scaled: signatures are dated in whole seconds. */
const signatureValidityMs = 2_000;

const startSender = (endpoint: string, attemptId: string): ChildProcess => {
  const script = fileURLToPath(new URL("paused-sender.fixture.ts", import.meta.url));
  const args = [endpoint, attemptId, String(signatureValidityMs)];
  const child = fork(script, args, { execArgv: [...nodeTsArgs] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

describe("a sender that is stopped between signing and writing its request", () => {
  it("wakes after the verdict and is refused by SES, so that the next attempt is the only email", async () => {
    const ses = await startSes({ signatureValidityMs });
    const store = memoryStore();
    const progress = memoryReconcileProgress();
    const attempt = await beginAttempt(store, "a", {
      timeoutMs: 1_000,
      validityMs: signatureValidityMs + 1_000,
    });
    const sender = startSender(ses.endpoint, attempt.id);
    const [told] = (await once(sender, "message")) as unknown[];
    expect(told).toBe("signed");
    sender.kill("SIGSTOP");
    await store.release([attempt]);

    const clock = systemClock();
    const reconciler = createReconciler({
      ...{ namespace, store, progress, effects: { [pipeline]: ["email"] } },
      ...{ intervalMs: 100, settleMs: 200, quietMs: 1_000, clockSlackMs: 500 },
      backlog: async () => {
        // Later emails of the same service go out all the time, and their events come.
        await progress.advance(namespace, clock.now());
        return { pending: 0, deadLettered: 0 };
      },
    });
    reconciler.start();
    onTestFinished(() => reconciler.stop());
    const state = async () => (await store.read([attempt.key]))[0]?.effects[0]?.state;
    await expect.poll(state, { timeout: 15_000, interval: 100 }).toBe("rejected");

    const mailer = mailerOf(clientOf(ses.endpoint));
    const next = await mailer.send(await mailer.prepare(email), attemptOf({ attemptNumber: 2 }));
    expect(next.status).toBe("accepted");
    sender.kill("SIGCONT");
    const [late] = (await once(sender, "message")) as unknown[];
    expect(late).toMatchObject({ status: "rejected", reason: "signatureExpired" });
    expect(ses.requests()).toHaveLength(2);
    expect(ses.accepted()).toBe(1);
  });
});
