import { expect, it } from "vitest";
import { z } from "zod";

import { definePipeline, type PipelineDefinition } from "./pipeline.js";
import type { Sender } from "../ports/index.js";

const schema = z.object({ id: z.string() });

type Definition = PipelineDefinition<typeof schema, Readonly<Record<string, Sender<string>>>>;

function senderOf(over: Partial<Sender<string>> = {}): Sender<string> {
  return {
    prepare: (input) => Promise.resolve(input),
    send: () => Promise.resolve({ status: "rejected", reason: "never asked" }),
    ...over,
  };
}

function definition(over: Partial<Definition> = {}): Definition {
  return {
    name: "form-updated",
    schema,
    key: ({ id }) => [id],
    effects: { email: senderOf() },
    handler: () => Promise.resolve(),
    ...over,
  };
}

it.each<readonly [string, Partial<Definition>, RegExp]>([
  ["no name", { name: "" }, /name ""/],
  ["a name with a space", { name: "form updated" }, /name "form updated"/],
  ["an effect in capitals", { effects: { Email: senderOf() } }, /effect name "Email"/],
  [
    "a validity without end",
    { effects: { email: senderOf({ validityMs: Number.POSITIVE_INFINITY }) } },
    /sender of email has validityMs Infinity/,
  ],
  [
    "a validity of nothing",
    { effects: { email: senderOf({ validityMs: Number.NaN }) } },
    /sender of email has validityMs NaN/,
  ],
  [
    "an attempt of less than no time",
    { effects: { email: senderOf({ attemptTimeoutMs: -1 }) } },
    /sender of email has attemptTimeoutMs -1/,
  ],
  ["no time for handlers", { maxProcessingMs: 0 }, /maxProcessingMs must be above 0/],
  ["no time to hold", { holdForMs: Number.NaN }, /holdForMs must be above 0/],
])("refuses %s, and says what is wrong", (_, over, message) => {
  expect(() => definePipeline(definition(over))).toThrow(message);
});

it("takes a sender whose requests are void at once", () => {
  const effects = { email: senderOf({ validityMs: 0 }) };
  expect(() => definePipeline(definition({ effects }))).not.toThrow();
});
