import { createLocalSes } from "@exactly-once/ses-adapter/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePrograms } from "../../../scripts/bundle-programs.mjs";
import {
  createWorkplace,
  runProgram,
  startStore,
  unknownEffect,
  type LocalStore,
} from "./cli.fixture.js";
import { startSqs, type LocalSqs } from "./sqs.fixture.js";

// A process ends only once the command has closed all that it opened.
describe("the program, as a process", () => {
  let bundle: Awaited<ReturnType<typeof bundlePrograms>>;
  let main: string;
  let local: LocalStore;
  let sqs: LocalSqs;
  beforeAll(async () => {
    const inPackage = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
    const bundling = bundlePrograms(inPackage(""), { main: inPackage("src/main.ts") });
    [bundle, local, sqs] = await Promise.all([bundling, startStore(), startSqs()]);
    main = bundle.programs["main"] ?? "";
  });
  afterAll(() => Promise.all([bundle.remove(), local.stop(), sqs.close()]));

  const settings = () => ({ REDIS_URL: local.url, EXACTLY_ONCE_NAMESPACE: "service" });

  it("answers on stdout and ends with the command's code", async () => {
    const env = settings();
    const status = await runProgram(main, ["status"], { env });
    expect(status).toMatchObject({ code: 0, json: { paused: null }, stderr: "" });
    const wrong = await runProgram(main, ["status", "--nonsense"], { env });
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
  });

  it("ends although it has spoken with SQS and SES", async () => {
    const { queueUrl } = await sqs.createPair();
    const ses = await createLocalSes();
    const place = await createWorkplace();
    try {
      const env = { ...settings(), AWS_ENDPOINT_URL: sqs.endpoint };
      const redriving = ["redrive", "--all", "-y", "-q", queueUrl];
      const redriven = await runProgram(main, redriving, { env });
      expect(redriven).toMatchObject({ code: 0, json: { redriven: 0 } });
      const deployed = {
        queues: { forms: { url: queueUrl } },
        ses: { endpoint: ses.endpoint, configurationSet: "absent" },
      };
      const file = join(place.folder, await place.write("all.json", JSON.stringify(deployed)));
      const doctor = await runProgram(main, ["doctor", "-c", file], { env });
      expect(doctor.code).toBe(1);
      for (const found of ["receive-budget", "redis-no-replicas", "ses-configuration-set"]) {
        expect(doctor.stdout).toContain(found);
      }
    } finally {
      await place.close();
      await ses.close();
    }
  });

  it("reads what is piped into it", async () => {
    const audit = await runProgram(main, ["audit", "-"], { stdin: "not an event\n" });
    expect(audit.stderr).toMatch(/No line of the input tells of an email/);
  });

  it("isn't hurt by a reader that has seen enough", async () => {
    await unknownEffect(local.store, "seen");
    const child = spawn(process.execPath, [main, "unresolved"], {
      env: { PATH: process.env["PATH"], ...settings() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    let told = "";
    child.stderr.on("data", (chunk) => (told += String(chunk)));
    expect((await once(child, "close"))[0]).toBe(0);
    expect(told).toBe("");
  });
});
