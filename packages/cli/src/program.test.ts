import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { runCli } from "./program.js";

it("says which version it is", async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const world = { stdin, stdout, stderr, env: {}, cwd: "/", now: () => 0 };

  const code = await runCli(["--version"], world);
  stdout.end();

  expect(code).toBe(0);
  expect(await text(stdout)).toBe(`${manifest.version}\n`);
});
