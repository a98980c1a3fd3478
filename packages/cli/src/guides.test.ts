import { startRedisServer, type RedisServer } from "@exactly-once/redis-store/testing";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { snippetsOf } from "../../../scripts/snippets.mjs";
import { exitCodes } from "./exit-codes.js";
import { runCli } from "./program.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

let redis: RedisServer;
let cwd: string;
beforeAll(async () => {
  redis = await startRedisServer();
  cwd = mkdtempSync(join(tmpdir(), "exactly-once-guides-"));
  const queue = { url: "http://127.0.0.1:1/1/forms.fifo" };
  const settings = {
    namespace: "forms",
    redis: { url: redis.url },
    aws: { region: "eu-west-2", endpoint: "http://127.0.0.1:1" },
  };
  const write = (file: string, content: object) => {
    writeFileSync(join(cwd, file), JSON.stringify(content));
  };
  write("exactly-once.json", { ...settings, queues: { forms: queue, "form-updated": queue } });
  write("one-queue.json", { ...settings, queues: { forms: queue } });
  write("bounced.jsonl", { key: ["1"], body: "{}" });
  const pipeline = "exports.forms = { name: 'forms', key: () => ['1'], handler: () => undefined };";
  mkdirSync(join(cwd, "dist"));
  writeFileSync(join(cwd, "dist", "pipelines.js"), pipeline);
});
afterAll(async () => {
  await redis.stop();
  rmSync(cwd, { recursive: true });
});

/** Every call of this tool that a page shows, in the words of a shell. */
function shown(): readonly string[] {
  const pages = execFileSync("git", ["ls-files", "*README.md", "docs/guides/*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  const lines = pages
    .trim()
    .split("\n")
    .flatMap((page) => snippetsOf(readFileSync(root + page, "utf8")))
    .filter(({ language }) => language === "sh")
    .flatMap((block) => block.text.split("\n"));
  return [
    ...new Set(
      lines.flatMap(
        (line) => /^(?:npx @exactly-once\/cli|exactly-once) ([^#]*)/.exec(line)?.[1]?.trim() ?? [],
      ),
    ),
  ];
}

/** What stands for something of the reader's own. */
function filledIn(line: string): readonly string[] {
  const attempt = `${"0".repeat(32)}-email-nonce-1-1`;
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) =>
    word
      .replace(/^(["'])(.*)\1$/, "$2")
      .replace(/^ATTEMPT$/, attempt)
      .replace(/^ID…$/, "message-1"),
  );
}

// What audit and verify read are files of the reader's; --help is shown at another place.
it.each(shown().filter((line) => !/^(audit|verify|--help)/.test(line)))(
  "takes %s",
  async (line) => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const words = filledIn(line);
    // A command that needs a queue takes the only one, where none is named.
    const takesOnly = words[0] === "republish" ? ["--config", "one-queue.json"] : [];
    const env = { USER: "ann", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    const world = { stdin, stdout, stderr, env, cwd, now: () => 0 };
    const code = await runCli([...words, ...takesOnly], world);
    stderr.end();
    expect(code, await text(stderr)).not.toBe(exitCodes.usage);
  },
);
