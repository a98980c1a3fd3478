import { repliesOf } from "@exactly-once/core/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  beginEffect,
  blockedEffect,
  createWorkplace,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";

const DAY_MS = 86_400_000;

describe("purge", () => {
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    local = await startStore();
    place = await createWorkplace({ REDIS_URL: local.url });
  });
  afterAll(async () => {
    await place.close();
    await local.stop();
  });

  const later = { now: () => Date.now() + 30 * DAY_MS };
  const purge = (...args: string[]) =>
    place.run(
      ["purge", "-n", "service", "--older-than", "20d", "--why", "nobody asked", ...args],
      later,
    );
  const recordOf = async (key: string) => repliesOf(await local.store.read([key]))[0];

  it("lists, asks, and gives up what nobody settled, with who and why in the record", async () => {
    const unknown = await unknownEffect(local.store, "unknown");
    const blocked = await blockedEffect(local.store, "blocked");
    const live = await beginEffect(local.store, "live");
    const counted = await place.run(["status", "-n", "service"], later);
    expect(counted).toMatchObject({ json: { unresolved: [{ overdue: 2 }] } });
    expect((await place.run(["status", "-n", "service"])).json).toMatchObject({
      unresolved: [{ overdue: 0 }],
    });
    const listed = await purge("--by", "ann", "--dry-run");
    expect(listed).toMatchObject({ code: 0, json: { items: [{}, {}], purged: 0 } });
    expect(await purge("--by", "ann")).toMatchObject({ code: 5, json: { confirmed: false } });

    const run = await purge("--by", "ann", "-y");
    expect(run).toMatchObject({ code: 0, json: { purged: 2, refused: [] } });
    for (const { key } of [unknown, blocked]) {
      expect(await recordOf(key.digest)).toMatchObject({
        state: "done",
        resolutions: [{ by: "ann", why: "purge: nobody asked" }],
      });
    }
    expect(await recordOf(live.key.digest)).toMatchObject({ state: "claimed" });
    expect(await purge("--by", "ann", "-y")).toMatchObject({ code: 0, json: { items: [] } });
    const shown = await place.run(["show", unknown.key.digest, "--no-json"]);
    expect(shown.stdout).toMatch(/resolved +sent by ann, .*: purge: nobody asked/);
  });

  it("takes nothing that a queue may still have, and nothing that is young", async () => {
    const { key } = await unknownEffect(local.store, "young");
    const refused = await place.run([
      ...["purge", "-n", "service", "--older-than", "13d", "--why", "x", "--by", "ann", "-y"],
    ]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("--older-than must be 14d or more");
    const none = await place.run([
      ...["purge", "-n", "service", "--older-than", "14d", "--why", "x", "--by", "ann", "-y"],
    ]);
    expect(none).toMatchObject({ code: 0, json: { items: [] } });
    expect(await recordOf(key.digest)).toMatchObject({ state: "released" });
  });
});
