import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./packages.mjs";
import { faults } from "./planted-faults.list.mjs";

it.each(faults)("a planted fault still applies once: $says", ({ file, from, to }) => {
  expect(readFileSync(join(root, file), "utf8").split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});
