import { startRedisServer, type RedisServer } from "@exactly-once/redis-store/testing";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { snippetsOf } from "../../../scripts/snippets.mjs";
import { exitCodes } from "./exit-codes.js";
import { runCli } from "./program.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

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
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  return words.map((word) =>
    word
      .replaceAll('"', "")
      .replace(/^ATTEMPT$/, attempt)
      .replace(/^ID…$/, "message-1"),
  );
}

// What audit reads are files of the reader's; --help is shown at another place.
it.each(shown().filter((line) => !/^(audit|--help)/.test(line)))("takes %s", async (line) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const args = filledIn(line).filter((word) => !/^(--config|exactly-once\.json)$/.test(word));
  const env = {
    EXACTLY_ONCE_NAMESPACE: "forms",
    REDIS_URL: redis.url,
    AWS_REGION: "eu-west-2",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
  };
  const queue = args.indexOf("--queue") + 1;
  const named = queue === 0 ? args : args.with(queue, "http://127.0.0.1:1/1/forms.fifo");
  const code = await runCli(named, { stdin, stdout, stderr, env, cwd: "/", now: () => 0 });
  stderr.end();
  expect(code, await text(stderr)).not.toBe(exitCodes.usage);
});
