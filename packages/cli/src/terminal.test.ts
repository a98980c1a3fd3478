import { repliesOf } from "@exactly-once/core/ports";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStore, unknownEffect, type LocalStore } from "./cli.fixture.js";
import { runCli } from "./program.js";

/** A terminal 80 characters wide at which somebody types `answers`. */
function terminal(answers: string) {
  const written = { stdout: "", stderr: "" };
  const into = (name: "stdout" | "stderr") =>
    Object.assign(
      new Writable({
        write: (chunk, _encoding, done) => {
          written[name] += String(chunk);
          done();
        },
      }),
      { isTTY: true, columns: 80 },
    );
  const stdin = Object.assign(Readable.from([answers]), { isTTY: true });
  const world = { stdin, stdout: into("stdout"), stderr: into("stderr"), cwd: "/", now: Date.now };
  return { written, world };
}

describe("at a terminal", () => {
  let local: LocalStore;
  beforeAll(async () => {
    local = await startStore();
  });
  afterAll(() => local.stop());

  const run = async (answers: string, ...args: string[]) => {
    const { written, world } = terminal(answers);
    const env = { REDIS_URL: local.url, EXACTLY_ONCE_NAMESPACE: "service", USER: "ann" };
    const code = await runCli(args, { ...world, env });
    return { code, ...written };
  };
  const verdict = ["--not-sent", "--by", "ann", "--why", "nothing in the mailbox"];

  it("prints text, and JSON when asked", async () => {
    expect((await run("", "status")).stdout).toMatch(/^Namespace service\n/);
    expect(JSON.parse((await run("", "status", "--json")).stdout)).toMatchObject({ paused: null });
  });

  it("lets no stored text steer it, as text or as JSON", async () => {
    const why = "\u001b]0;owned\u0007\u009b2J\u202Egnp.exe";
    expect((await run("", "pause", "--by", "ann", "--why", why)).code).toBe(0);
    for (const form of ["--no-json", "--json"]) {
      const { stdout } = await run("", "status", form);
      expect(stdout).toContain("\\u009b2J\\u202egnp.exe");
      // eslint-disable-next-line no-control-regex -- these are what must not be there
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
    expect((await run("", "resume")).code).toBe(0);
  });

  it("asks before what can't be undone, and takes only a yes for one", async () => {
    const { attemptId, key } = await unknownEffect(local.store, "asked");
    for (const answer of ["\n", "n\n", "yesterday\n", ""]) {
      const refused = await run(answer, "resolve", attemptId, ...verdict);
      expect(refused.code).toBe(5);
      expect(refused.stderr).toMatch(/Go on\? \[y\/N\]/);
      expect(refused.stderr).toMatch(/Nothing was done\./);
      expect(refused.stderr).not.toMatch(/--yes/);
    }
    const [record] = repliesOf(await local.store.read([key.digest]));
    expect(record?.effects).toMatchObject([{ state: "unknown" }]);

    const agreed = await run("y\n", "resolve", attemptId, ...verdict);
    expect(agreed.code).toBe(0);
    expect(agreed.stdout).toMatch(/1 of 1 resolved/);
  });

  it("tells what it can do, with the exit codes, within 80 columns", async () => {
    for (const command of [
      "",
      "pause",
      "resume",
      "status",
      "unresolved",
      "show",
      "resolve",
      "redrive",
      "doctor",
      "audit",
      "verify",
      "republish",
      "import",
      "discard",
      "purge",
    ]) {
      const help = await run("", ...(command === "" ? [] : [command]), "--help");
      expect(help.code).toBe(0);
      expect(help.stdout).toMatch(/Exit codes:\n {2}0 /);
      expect(help.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    }
    const misspelt = await run("", "puase");
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toMatch(/Did you mean pause\?/);
  });
});
