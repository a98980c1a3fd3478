import { notificationKey } from "@exactly-once/core";
import { Redis } from "ioredis";
import { repliesOf } from "@exactly-once/core/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  beginEffect,
  createWorkplace,
  blockedEffect,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";

const HOUR_MS = 3_600_000;

describe("what needs attention", () => {
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    local = await startStore();
    place = await createWorkplace({ REDIS_URL: local.url, EXACTLY_ONCE_NAMESPACE: "service" });
  });
  afterAll(async () => {
    await place.close();
    await local.stop();
  });

  describe("unresolved", () => {
    it("lists unknown and blocked effects, by pipeline, state and time", async () => {
      const unknown = await unknownEffect(local.store, "u1", { staleAfterMs: HOUR_MS });
      const blocked = await blockedEffect(local.store, "u2");
      const other = await unknownEffect(local.store, "u3", { pipeline: "credential-revoked" });
      await unknownEffect(local.store, "u4", { namespace: "another-service" });

      const all = await place.run(["unresolved"]);
      expect(all.code).toBe(0);
      expect(idsOf(all.json).sort()).toEqual(
        [unknown.attemptId, blocked.attemptId, other.attemptId].sort(),
      );
      const item = { message: "queue", deadLetter: null, effect: "email" };
      expect(all).toMatchObject({ json: { items: [item, item, item], more: false } });
      const some = async (...args: string[]) =>
        idsOf((await place.run(["unresolved", ...args])).json);
      expect(await some("-p", "credential-revoked")).toEqual([other.attemptId]);
      expect(await some("--state", "blocked")).toEqual([blocked.attemptId]);
      expect(await some("--until", "1h")).toEqual([]);
      expect(await some("--since", "1h", "--limit", "2")).toHaveLength(2);
    });

    it("reads well, and ends with 1 only when asked", async () => {
      const run = await place.run(["unresolved", "--no-json", "--exit-code"]);
      expect(run.code).toBe(1);
      expect(run.stdout).toMatch(/state +blocked: sameContent/);
      expect(run.stdout).toMatch(/key +\["service","form-updated","u1"\]/);
      expect(run.stdout).toMatch(/not sent +can be said in (1 h|59 min)/);
      const lines = run.stdout.split("\n").filter((line) => line.includes(" "));
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect((await place.run(["unresolved", "-n", "nobody", "--exit-code"])).code).toBe(0);
    });

    it("lists records that can't be read, and status counts them", async () => {
      const { key } = await unknownEffect(local.store, "u9");
      const redis = new Redis(local.url);
      const [name = ""] = await redis.keys(`*:${key.digest}`);
      const before = await redis.getBuffer(name);
      await redis.set(name, "nothing of ours");
      await local.store.read([key.digest]);
      const run = await place.run(["unresolved", "--exit-code"]);
      expect(run).toMatchObject({
        code: 1,
        json: { unreadable: [{ key: key.digest, why: "format 110" }] },
      });
      const shown = await place.run(["unresolved", "--no-json", "-n", "nobody"]);
      expect(shown.stdout).toMatch(/state +can't be read by this release: format 110/);
      expect((await place.run(["status"])).json).toMatchObject({ unreadable: 1 });
      expect((await place.run(["show", key.digest])).stderr).toMatch(
        /can't be read \(format 110\)/,
      );
      await redis.set(name, before ?? "");
      redis.disconnect();
    });

    it("refuses times and counts that are none", async () => {
      expect((await place.run(["unresolved", "--since", "yesterday"])).code).toBe(2);
      expect((await place.run(["unresolved", "--limit", "0"])).code).toBe(2);
    });
  });

  describe("show", () => {
    it("tells of an unknown effect what to look for, by attempt, digest or key in words", async () => {
      const { attemptId, key } = await unknownEffect(local.store, "s1", { staleAfterMs: HOUR_MS });
      const run = await place.run(["show", attemptId, "--no-json"]);
      expect(run.code).toBe(0);
      expect(run.stdout).toMatch(/message +m-s1 is held in its queue/);
      expect(run.stdout.replace(/\s+/g, " ")).toContain(
        `mail.tags["exactly-once-attempt"] is this attempt's id`,
      );
      expect(run.stdout).toContain("X-Exactly-Once-Attempt");
      const known = { json: { key: key.digest, state: "released", message: "heldInQueue" } };
      expect(await place.run(["show", key.digest])).toMatchObject(known);
      expect(await place.run(["show", key.text])).toMatchObject(known);
    });

    it("knows a key in words by its edition, too", async () => {
      const { digest } = notificationKey("tis", "letters", ["a"], "bounces");
      const run = await place.run(["show", '["tis","letters","a",{"edition":"bounces"}]']);
      expect(run).toMatchObject({ code: 3, json: { key: digest, record: null } });
    });

    it("tells where the message is when it is under way, dead-lettered or done", async () => {
      const busy = await beginEffect(local.store, "s2");
      expect(await place.run(["show", busy.attemptId])).toMatchObject({
        json: { message: "inFlight", effects: [{ state: "sending" }] },
      });
      const receipt = { id: "ses-1", at: Date.now(), via: "provider" } as const;
      await local.store.settle(busy.ref, { status: "accepted", receipt });
      await local.store.complete([busy.ref]);
      const done = await place.run(["show", busy.key.digest, "--no-json"]);
      expect(done.stdout).toMatch(/it left the queue: the record is done/);
      expect(done.stdout).toMatch(/receipt +ses-1/);

      const dead = await deadLettered(local, "s3");
      const shown = await place.run(["show", dead.attemptId, "--no-json"]);
      expect(shown.stdout).toMatch(/in the dead-letter queue, as a copy of m-s3/);
    });

    it("shows a proven duplicate", async () => {
      const { ref, attemptId } = await beginEffect(local.store, "s4");
      for (const id of ["ses-1", "ses-2"]) {
        const receipt = { id, at: Date.now(), via: "event" } as const;
        await local.store.settle(ref, { status: "accepted", receipt });
      }
      const run = await place.run(["show", attemptId, "--no-json"]);
      expect(run.stdout).toMatch(/DUPLICATE +also accepted as ses-2/);
    });

    it("ends with 3 where there is no record, with 2 where it isn't a key", async () => {
      const run = await place.run(["show", "0".repeat(32), "--no-json"]);
      expect(run.code).toBe(3);
      expect(run.stdout).toMatch(/There is no record/);
      expect((await place.run(["show", "trainee 1"])).code).toBe(2);
    });

    it("lets no stored text steer the terminal", async () => {
      const { attemptId } = await unknownEffect(local.store, "s5\u001b[2J\u202e");
      const run = await place.run(["show", attemptId, "--no-json"]);
      expect(run.stdout).not.toContain("\u001b");
      expect(run.stdout).not.toContain("\u202e");
      expect(run.stdout).toContain("s5");
    });
  });

  describe("resolve", () => {
    const who = ["--by", "ann", "--why", "seen in the mailbox"];

    it("records a verdict, and by whom and why", async () => {
      const { attemptId, key } = await unknownEffect(local.store, "r1");
      const run = await place.run(["resolve", attemptId, "--sent", ...who, "--yes"]);
      expect(run).toMatchObject({ code: 0, json: { resolved: 1, refused: 0 } });
      const [record] = repliesOf(await local.store.read([key.digest]));
      expect(record?.effects).toMatchObject([{ state: "accepted", receipt: { via: "operator" } }]);
      expect(record?.resolutions).toMatchObject([
        { attemptId, verdict: "sent", by: "ann", why: "seen in the mailbox" },
      ]);
      const again = await place.run(["resolve", attemptId, "--sent", ...who, "--yes"]);
      expect(again).toMatchObject({ code: 3, json: { results: [{ result: "already" }] } });
    });

    it("says when it is too early for not sent, and changes nothing", async () => {
      const { attemptId, key } = await unknownEffect(local.store, "r2", { staleAfterMs: HOUR_MS });
      const run = await place.run(["resolve", attemptId, "--not-sent", ...who, "-y", "--no-json"]);
      expect(run.code).toBe(3);
      expect(run.stdout.replace(/\s+/g, " ")).toMatch(
        /too early; not before \d{4}-\S+ \S+ \(in (1 h|59 min)/,
      );
      const [record] = repliesOf(await local.store.read([key.digest]));
      expect(record?.effects).toMatchObject([{ state: "unknown" }]);
    });

    it("does nothing without a yes", async () => {
      const { attemptId, key } = await unknownEffect(local.store, "r3");
      const run = await place.run(["resolve", attemptId, "--not-sent", ...who]);
      expect(run).toMatchObject({ code: 5, json: { confirmed: false, attempts: [attemptId] } });
      expect(run.stderr).toMatch(/each will be sent again/);
      expect(run.stderr).toMatch(/repeat it with --yes/);
      const [record] = repliesOf(await local.store.read([key.digest]));
      expect(record?.effects).toMatchObject([{ state: "unknown" }]);
    });

    it("allows and drops what the tripwire blocked", async () => {
      const allowed = await blockedEffect(local.store, "r4");
      const dropped = await blockedEffect(local.store, "r5");
      await place.run(["resolve", allowed.attemptId, "--allow", ...who, "-y"]);
      await place.run(["resolve", dropped.attemptId, "--drop", ...who, "-y"]);
      const [first, second] = repliesOf(
        await local.store.read([allowed.key.digest, dropped.key.digest]),
      );
      expect(first?.effects).toMatchObject([{ state: "rejected", allowed: true }]);
      expect(second?.effects).toMatchObject([{ state: "dropped" }]);
    });

    it("takes other content under a key", async () => {
      const { attemptId, key } = await unknownEffect(local.store, "r6");
      const fingerprint = `v1:${"0".repeat(32)}`;
      const args = ["resolve", attemptId, "--accept-payload", fingerprint, ...who, "-y"];
      expect((await place.run(args)).code).toBe(0);
      const [record] = repliesOf(await local.store.read([key.digest]));
      expect(record?.fingerprint).toBe(fingerprint);
    });

    it("resolves many by pipeline and time, and only those", async () => {
      const many = await Promise.all(
        ["b1", "b2", "b3"].map((name) => unknownEffect(local.store, name, { pipeline: "bulk" })),
      );
      const tooEarly = await unknownEffect(local.store, "b4", {
        ...{ pipeline: "bulk", staleAfterMs: HOUR_MS },
      });
      const args = ["resolve", "--pipeline", "bulk", "--since", "1h", "--not-sent", ...who, "-y"];
      expect(await place.run(args)).toMatchObject({ code: 3, json: { resolved: 3, refused: 1 } });
      const left = await place.run(["unresolved", "-p", "bulk"]);
      expect(idsOf(left.json)).toEqual([tooEarly.attemptId]);
      const states = repliesOf(await local.store.read(many.map(({ key }) => key.digest)));
      expect(states.map((record) => record?.effects[0]?.state)).toEqual(Array(3).fill("rejected"));
      const none = await place.run(["resolve", "--pipeline", "absent", "--sent", ...who, "-y"]);
      expect(none).toMatchObject({ code: 0, json: { results: [] } });
    });

    it("refuses what isn't clear", async () => {
      const { attemptId } = await unknownEffect(local.store, "r7");
      const refused: string[][] = [
        ["resolve", attemptId, ...who],
        ["resolve", attemptId, "--sent", "--not-sent", ...who],
        ["resolve", attemptId, "--sent", "--by", "ann"],
        ["resolve", attemptId, "--sent", "--by", "ann", "--why", " "],
        ["resolve", "--sent", ...who],
        ["resolve", attemptId, "--pipeline", "form-updated", "--sent", ...who],
        ["resolve", "not-an-attempt", "--sent", ...who],
        ["resolve", "--since", "1h", "--accept-payload", "v1:0", ...who],
      ];
      const runs = await Promise.all(refused.map((args) => place.run([...args, "--yes"])));
      expect(runs.map(({ code }) => code)).toEqual(refused.map(() => 2));
      const unknown = `${"0".repeat(32)}-email-owner-1-1`;
      expect(await place.run(["resolve", unknown, "--sent", ...who, "-y"])).toMatchObject({
        code: 3,
        json: { results: [{ attemptId: unknown, result: "notFound" }] },
      });
    });
  });
});

function idsOf(json: unknown): string[] {
  return (json as { items: { attemptId: string }[] }).items.map(({ attemptId }) => attemptId);
}

async function deadLettered({ store }: LocalStore, trainee: string) {
  const unknown = await unknownEffect(store, trainee);
  const { key, pipeline, messageId } = unknown;
  const burial = { key: key.digest, keyText: key.text, pipeline, messageId };
  expect(await store.bury({ ...burial, reason: "held too long" })).toBe("dead");
  return unknown;
}
