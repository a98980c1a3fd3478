import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as theirs from "@opentelemetry/semantic-conventions/incubating";
import { expect, it } from "vitest";
import * as names from "./semantic-conventions.js";

it("are OpenTelemetry's, of the version that is named", () => {
  // Its page is none of its exports.
  const entry = createRequire(import.meta.url).resolve("@opentelemetry/semantic-conventions");
  const page = join(entry.slice(0, entry.lastIndexOf("dist")), "package.json");
  const { version } = JSON.parse(readFileSync(page, "utf8")) as { version: string };
  expect(names.SEMANTIC_CONVENTIONS_VERSION).toBe(version);
  expect([
    names.MESSAGING_SYSTEM,
    names.MESSAGING_OPERATION_NAME,
    names.MESSAGING_OPERATION_TYPE,
    names.MESSAGING_DESTINATION_NAME,
    names.MESSAGING_MESSAGE_ID,
    names.ERROR_TYPE,
    names.MESSAGING_PROCESS_DURATION,
    names.AWS_SQS,
    names.PROCESS,
  ]).toEqual([
    theirs.ATTR_MESSAGING_SYSTEM_NAME,
    theirs.ATTR_MESSAGING_OPERATION_NAME,
    theirs.ATTR_MESSAGING_OPERATION_TYPE,
    theirs.ATTR_MESSAGING_DESTINATION_NAME,
    theirs.ATTR_MESSAGING_MESSAGE_ID,
    theirs.ATTR_ERROR_TYPE,
    theirs.METRIC_MESSAGING_PROCESS_DURATION,
    theirs.MESSAGING_SYSTEM_NAME_VALUE_AWS_SQS,
    theirs.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
  ]);
});
