import { notificationKey } from "@exactly-once/core";
import { repliesOf } from "@exactly-once/core/ports";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createWorkplace,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";

const MODULE = fileURLToPath(new URL("import.pipelines.fixture.ts", import.meta.url));

describe("import", () => {
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

  const importing = (file: string, ...args: string[]) =>
    place.run(["import", file, "-n", "tis", "--pipelines", MODULE, "--retention", "90d", ...args]);
  const recordOf = async (id: string) => {
    const { digest } = notificationKey("tis", "form-updated", [id]);
    return repliesOf(await local.store.read([digest]))[0];
  };

  it("asks, writes each as done by the pipeline's own key, and is repeated without harm", async () => {
    const lines = [{ body: { id: "1" } }, { body: '{"id":"2"}', sentAt: "2026-01-05T10:00:00Z" }];
    const file = await place.write(
      "sent.jsonl",
      lines.map((one) => JSON.stringify(one)).join("\n"),
    );
    expect(await importing(file)).toMatchObject({ code: 5, json: { confirmed: false } });
    expect(await recordOf("1")).toBeUndefined();
    const run = await importing(file, "-y");
    expect(run).toMatchObject({ code: 0, json: { imported: 2, alreadyDone: 0, failed: 0 } });
    expect(await recordOf("1")).toMatchObject({
      state: "done",
      messageId: "import sent.jsonl line 1",
    });
    const again = await importing(file, "-y");
    expect(again).toMatchObject({ code: 0, json: { imported: 0, alreadyDone: 2 } });
  });

  it("reports by line what isn't an event, and what stands there, and quotes nothing", async () => {
    await unknownEffect(local.store, "9", { namespace: "tis" });
    const lines = [
      JSON.stringify({ body: { id: "9" } }),
      JSON.stringify({ body: { id: 7, name: "Dr Doe" } }),
      "doctor@example.org",
      JSON.stringify({ body: { id: "3" } }),
    ];
    const file = await place.write("mixed.jsonl", lines.join("\n"));
    const run = await importing(file, "-y");
    expect(run).toMatchObject({
      code: 3,
      json: { imported: 1, failed: 3, failures: [{ line: 1 }, { line: 2 }, { line: 3 }] },
    });
    expect(run.stdout).not.toMatch(/Doe|doctor/);
    expect(await recordOf("9")).toMatchObject({ state: "released" });
  });

  it("needs a module of pipelines, and a retention", async () => {
    const file = await place.write("one.jsonl", JSON.stringify({ body: { id: "1" } }));
    const none = await place.run(["import", file, "-n", "tis", "--pipelines", MODULE]);
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toContain("--retention");
    const absent = ["--pipelines", "absent.mjs", "--retention", "1d", "-y"];
    const run = await place.run(["import", file, "-n", "tis", ...absent]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toMatch(/absent\.mjs can't be loaded/);
  });
});
