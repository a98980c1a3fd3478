import { setTimeout as sleep } from "node:timers/promises";
import { startRedisServer } from "@exactly-once/redis-store/testing";
import { afterEach, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "../local/cognito-pool.js";
import { sampleCredential, sampleForm } from "../local/sample-events.js";
import { mailTo, runService, type RunningService } from "../service.fixture.js";
import type { AuditLine } from "./audit-line.js";
import type { Notification } from "./notification.js";

let running: RunningService | undefined;

afterEach(() => running?.close());

interface Page {
  readonly notifications: readonly Notification[];
  readonly next?: string;
}

async function pageOf({ service }: RunningService, traineeId: string, query = ""): Promise<Page> {
  const reply = await fetch(`${service.url}/trainees/${traineeId}/notifications${query}`);
  expect(reply.status).toBe(200);
  return (await reply.json()) as Page;
}

/** Waits for what the history is told a moment later. */
async function untilPage(
  service: RunningService,
  traineeId: string,
  isThere: (page: Page) => boolean,
): Promise<Page> {
  for (;;) {
    const page = await pageOf(service, traineeId);
    if (isThere(page)) return page;
    await sleep(50);
  }
}

async function linesOf({ service }: RunningService): Promise<readonly AuditLine[]> {
  const text = await (await fetch(`${service.url}/history.jsonl`)).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditLine);
}

it("tells what a trainee was sent, what became of it, and what was not sent", async () => {
  running = await runService();
  const { stack, service } = running;
  const trainee = traineeIdOf(1);
  const form = sampleForm({ traineeId: trainee, formName: "Jo Bloggs.json" });
  for (let copy = 0; copy < 3; copy += 1) await stack.submitForm(form);
  await stack.submitForm({ ...form, lifecycleState: "DELETED" });
  await stack.revokeCredential(sampleCredential({ traineeId: trainee }));
  await mailTo(stack, emailOf(1), 3);
  await stack.submitForm(sampleForm({ traineeId: "nobody" }));

  const isDelivered = ({ emails: [email] }: Notification) => email?.delivery?.state === "Delivery";
  const { notifications } = await untilPage(
    running,
    trainee,
    (page) => page.notifications.length === 3 && page.notifications.every(isDelivered),
  );
  const submitted = notifications.find(({ template }) => template === "form-submitted");
  const ids = stack.ses.sent().map(({ messageId }) => messageId);
  expect(submitted).toMatchObject({
    state: "sent",
    event: { formType: "formr-a", lifecycleState: "SUBMITTED", eventDate: form.eventDate },
    suppressed: { times: 2 },
    emails: [{ via: "provider" }],
  });
  expect(notifications.map(({ emails: [email] }) => email?.messageId).sort()).toEqual(ids.sort());
  expect(notifications.map(({ at }) => at)).toEqual(
    notifications.map(({ at }) => at).sort((a, b) => b - a),
  );

  const refused = await untilPage(running, "nobody", ({ notifications: [one] }) =>
    Boolean(one?.deadLettered),
  );
  expect(refused.notifications).toMatchObject([
    { state: "deadLettered", emails: [], deadLettered: { code: "permanent" } },
  ]);

  const first = await pageOf(running, trainee, "?limit=2");
  const second = await pageOf(running, trainee, `?limit=2&cursor=${first.next}`);
  expect([...first.notifications, ...second.notifications]).toEqual(notifications);
  expect(second.next).toBeUndefined();

  const lines = await linesOf(running);
  expect(lines).toHaveLength(4);
  expect(lines.filter(({ outcome }) => outcome === "accepted")).toHaveLength(3);

  const told = JSON.stringify([notifications, refused, lines]);
  for (const personal of ["@", "Bloggs", "trainee-1"]) expect(told).not.toContain(personal);
  expect(running.log()).not.toContain("Bloggs");
  for (const email of stack.ses.sent()) {
    const name = /Dear Dr (.*),/.exec(email.mime.text ?? "")?.[1];
    if (name !== undefined) expect(told).not.toContain(name);
  }

  for (const query of ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=1.<b>"]) {
    const reply = await fetch(`${service.url}/trainees/${trainee}/notifications?${query}`);
    expect(reply.status).toBe(400);
    expect(await reply.text()).not.toContain("<b>");
  }
  expect((await fetch(`${service.url}/trainees/a%40b.org/notifications`)).status).toBe(400);
});

it("tells of an email of unknown fate that it is held, and that SES's event settled it", async () => {
  running = await runService();
  const { stack } = running;
  stack.ses.faults.set([{ fault: "accept-then-drop", when: { on: "every" } }]);
  stack.ses.events.setFaults({ seed: 1, late: 1, lateMs: 600_000 });
  await stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
  const isIn = (state: string) => (page: Page) => page.notifications[0]?.state === state;
  const held = await untilPage(running, traineeIdOf(1), isIn("held"));
  expect(held.notifications[0]).toMatchObject({ held: { reason: "unknown" }, emails: [] });
  await stack.ses.events.flush();
  const settled = await untilPage(running, traineeIdOf(1), isIn("sent"));
  expect(settled.notifications[0]).toMatchObject({
    emails: [{ messageId: stack.ses.sent()[0]?.messageId }],
  });
});

it("asks for the token, where there is one, and leaves health open", async () => {
  running = await runService({ env: { HISTORY_TOKEN: "0123456789abcdef" } });
  const { url } = running.service;
  for (const path of ["/trainees/1/notifications", "/history.jsonl"]) {
    expect((await fetch(url + path)).status).toBe(401);
    const headers = { authorization: "Bearer 0123456789abcdef" };
    expect((await fetch(url + path, { headers })).status).toBe(200);
  }
  expect((await fetch(`${url}/ready`)).status).toBe(200);
});

it("in Redis outlives the service, and fails as such while Redis is away", async () => {
  const redis = await startRedisServer({ settings: { appendonly: "yes" } });
  try {
    const env = { REDIS_URL: redis.url };
    running = await runService({ env });
    await running.stack.submitForm(sampleForm({ traineeId: traineeIdOf(1) }));
    await mailTo(running.stack, emailOf(1));
    await untilPage(running, traineeIdOf(1), ({ notifications }) => notifications.length === 1);
    await running.close();

    running = await runService({ env });
    const { notifications } = await pageOf(running, traineeIdOf(1));
    expect(notifications).toMatchObject([{ state: "sent", template: "form-submitted" }]);
    expect(await linesOf(running)).toMatchObject([{ to: traineeIdOf(1), outcome: "accepted" }]);

    await redis.kill();
    const url = `${running.service.url}/trainees/${traineeIdOf(1)}/notifications`;
    expect((await fetch(url)).status).toBe(503);
  } finally {
    await running?.close();
    running = undefined;
    await redis.stop();
  }
});
