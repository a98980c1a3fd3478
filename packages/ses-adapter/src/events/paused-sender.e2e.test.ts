import { memoryStore } from "@exactly-once/core";
import { repliesOf } from "@exactly-once/core/ports";
import { createVirtualClock } from "@exactly-once/core/testing";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundlePrograms } from "../../../../scripts/bundle-programs.mjs";
import { beginAttempt, namespace, pipeline } from "./attempts.fixture.js";
import { email, mailerFixture } from "../mailer/mailer.fixture.js";
import { attemptOf } from "../mailer/attempt.fixture.js";
import { memoryReconcileProgress } from "./reconcile-progress.js";
import { createReconciler } from "./reconciler.js";
import { sesFixture } from "../testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const startSender = async (...args: readonly string[]): Promise<ChildProcess> => {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const entries = { sender: here("paused-sender.fixture.ts") };
  const { programs, remove } = await bundlePrograms(here("../.."), entries);
  onTestFinished(remove);
  const child = fork(programs.sender, args);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

describe("a sender that is stopped between signing and writing its request", () => {
  it("wakes after the verdict and is refused by SES, so that the next attempt is the only email", async () => {
    const folder = await mkdtemp(join(tmpdir(), "paused-sender-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const wakeFile = join(folder, "wake");
    let laterMs = 0;
    const ses = await startSes({ now: () => Date.now() + laterMs });
    const clock = createVirtualClock(Date.now());
    const store = memoryStore({ clock });
    const progress = memoryReconcileProgress();
    const attempt = await beginAttempt(store, "a");
    const sender = await startSender(ses.endpoint, attempt.id, wakeFile);
    expect(await once(sender, "message")).toContain("signed");
    await store.release([attempt]);

    const reconciler = createReconciler({
      ...{ namespace, store, progress, clock, effects: { [pipeline]: ["email"] } },
      backlog: async () => {
        // Later emails of the same service go out all the time, and their events come.
        await progress.advance(namespace, clock.now());
        return { pending: 0, deadLettered: 0 };
      },
    });
    reconciler.start();
    onTestFinished(() => clock.run(reconciler.stop()));
    await clock.advance(3_600_000);
    const [view] = repliesOf(await store.read([attempt.key]));
    expect(view?.effects[0]?.state).toBe("rejected");

    const mailer = mailerOf(clientOf(ses.endpoint));
    const next = await mailer.send(await mailer.prepare(email), attemptOf({ attemptNumber: 2 }));
    expect(next.status).toBe("accepted");
    laterMs = 3_600_000;
    // It may answer before the writing of the file is over here.
    const telling = once(sender, "message");
    await writeFile(wakeFile, "");
    const [late] = (await telling) as unknown[];
    expect(late).toMatchObject({ status: "rejected", reason: "signatureExpired" });
    expect(ses.requests()).toHaveLength(2);
    expect(ses.accepted()).toBe(1);
  });
});
