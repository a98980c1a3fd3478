import { expect, it } from "vitest";
import { z } from "zod";

import { definePipeline, type PipelineDefinition } from "./pipeline.js";
import { ConfigurationError } from "../errors.js";
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

/** What plain JavaScript can pass. */
type Anything = Readonly<Partial<Record<keyof Definition, unknown>>>;

it.each<readonly [string, Anything, string]>([
  ["no name", { name: undefined }, "definePipeline: name is missing; give 1 to 80 of"],
  ["an empty name", { name: "" }, 'name is ""'],
  ["a name with a space", { name: "form updated" }, 'name is "form updated"'],
  ["no schema", { schema: undefined }, 'definePipeline("form-updated"): schema is missing; give a'],
  [
    "a schema that is none",
    { schema: { type: "object" } },
    "schema is an object without ~standard; give a Standard",
  ],
  ["no key", { key: undefined }, "key is missing; give a function"],
  ["a key that is no function", { key: ["id"] }, "key is an array; give a function"],
  ["no handler", { handler: undefined }, "handler is missing; give a function"],
  ["no effects", { effects: undefined }, "effects is missing; give an object of senders"],
  ["an effect in capitals", { effects: { Email: senderOf() } }, 'effect name "Email"'],
  ["no sender", { effects: { email: undefined } }, "effects.email is missing; give a Sender"],
  ["a client as sender", { effects: { email: { prepare() {} } } }, "effects.email has no send()"],
  [
    "a validity without end",
    { effects: { email: senderOf({ validityMs: Number.POSITIVE_INFINITY }) } },
    "effects.email.validityMs is Infinity",
  ],
  [
    "a validity of nothing",
    { effects: { email: senderOf({ validityMs: Number.NaN }) } },
    "effects.email.validityMs is NaN",
  ],
  [
    "an attempt of less than no time",
    { effects: { email: senderOf({ attemptTimeoutMs: -1 }) } },
    "effects.email.attemptTimeoutMs is -1",
  ],
  ["no time for handlers", { maxProcessingMs: 0 }, "maxProcessingMs is 0; give whole milliseconds"],
  ["handlers without end", { maxProcessingMs: Infinity }, "from 1 to 43,200,000"],
  ["no time to hold", { holdForMs: Number.NaN }, "holdForMs is NaN"],
  ["holding without end", { holdForMs: Infinity }, "holdForMs is Infinity"],
  ["an age that is none", { maxEventAgeMs: "6h" }, 'maxEventAgeMs is "6h"'],
  ["a pause that is none", { retry: { baseMs: Number.NaN, maxMs: 1 } }, "retry.baseMs is NaN"],
  ["pauses that shrink", { retry: { baseMs: 10, maxMs: 5 } }, "retry.maxMs is 5; give"],
  ["a policy that is none", { onUnknown: "retry" }, 'onUnknown is "retry"; give "hold" or'],
  ["an endless window", { tripwire: { windowMs: Infinity } }, "tripwire.windowMs is Infinity"],
  ["a part of a window", { tripwire: { windowMs: 0.5 } }, "tripwire.windowMs is 0.5"],
  [
    "a budget of nothing",
    { tripwire: { perRecipient: { limit: 0, withinMs: 1 } } },
    "tripwire.perRecipient.limit is 0",
  ],
  ["a number as budget", { tripwire: { perTemplate: 100 } }, "tripwire.perTemplate is 100; give a"],
  [
    "a budget without its time",
    { tripwire: { perPipeline: { limit: 1 } } },
    "tripwire.perPipeline.withinMs is missing",
  ],
  [
    "an action that is none",
    { tripwire: { perTemplate: { limit: 1, withinMs: 1, onExceeded: "stop" } } },
    'tripwire.perTemplate.onExceeded is "stop"; give "warn" or "block" or "pause"',
  ],
  [
    "a pause for what is one recipient's",
    { tripwire: { onSameContent: "pause" } },
    'tripwire.onSameContent is "pause"; give "block" or "warn"',
  ],
])("refuses %s, and says what to give", (_, over, text) => {
  const given = { ...definition(), ...over } as Definition;
  expect(() => definePipeline(given)).toThrow(ConfigurationError);
  expect(() => definePipeline(given)).toThrow(text);
});

it("takes options that are undefined for their defaults", () => {
  const given = definition({ holdForMs: undefined, tripwire: undefined, onUnknown: undefined });
  expect(definePipeline(given)).toMatchObject({ holdForMs: 3_600_000, onUnknown: "hold" });
});

it("takes a schema that is a function, as arktype's are", () => {
  const arktypeLike = Object.assign(() => undefined, { "~standard": schema["~standard"] });
  expect(() => definePipeline({ ...definition(), schema: arktypeLike })).not.toThrow();
});

it("takes a handler that answers with a receipt", () => {
  definePipeline({
    name: "short",
    schema,
    key: ({ id }) => [id],
    effects: { email: senderOf() },
    handler: async ({ id }, context) => context.once("email", id),
  });
});

it("takes a sender whose requests are void at once", () => {
  const effects = { email: senderOf({ validityMs: 0 }) };
  expect(() => definePipeline(definition({ effects }))).not.toThrow();
});
