import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { json, type Decoder } from "../pipeline/decode.js";
import { definePipeline, type PipelineDefinition } from "../pipeline/pipeline.js";
import { admitMessage, type Admission } from "./admit.js";

type Definition = PipelineDefinition<StandardSchemaV1, Record<never, never>>;

function admit(
  body: string,
  over: Partial<Definition> & { readonly decode?: Decoder } = {},
): Promise<Admission> {
  const { decode = json(), ...definition } = over;
  const pipeline = definePipeline({
    name: "letters",
    schema: z.any(),
    key: () => ["k"],
    effects: {},
    handler: () => Promise.resolve(),
    ...definition,
  });
  const options = {
    namespace: "tests",
    decode,
    select: () => "letters",
    pipelines: new Map([["letters", pipeline]]),
  };
  const message = { id: "m", handle: "h", body, attributes: {}, sentAt: 0, receiveCount: 1 };
  return Promise.resolve(admitMessage(options, message));
}

async function refusal(body: string, over: Parameters<typeof admit>[1] = {}) {
  const admission = await admit(body, over);
  if (!("refused" in admission) || admission.refused.kind !== "deadLetter") {
    throw new Error(`wasn't dead-lettered: ${JSON.stringify(admission)}`);
  }
  return admission.refused;
}

const address = "ann.planted@example.org";
const accented = "josé planted";
const escaped = "jos\\u00e9 planted";
const phone = "447700900123";

describe("what a validator says of an event", () => {
  it.each<readonly [string, StandardSchemaV1, string, string]>([
    [
      "zod: an address",
      z.object({ email: z.email() }),
      `{"email":"${accented}"}`,
      "email: invalid_format email",
    ],
    [
      "zod: another literal",
      z.object({ a: z.literal("x") }),
      `{"a":"${address}"}`,
      "a: invalid_value",
    ],
    [
      "zod: an unknown key",
      z.strictObject({ a: z.string() }),
      `{"a":"x","${address}":1}`,
      "unrecognized_keys",
    ],
    [
      "zod: a record's key",
      z.object({ by: z.record(z.string(), z.number()) }),
      `{"by":{"${address}":"x"}}`,
      "by.*: invalid_type number",
    ],
    [
      "zod: a record's key that is a name",
      z.object({ by: z.record(z.string(), z.number()) }),
      `{"by":{"Planted":"x"}}`,
      "by.*: invalid_type number",
    ],
    [
      "zod: a record's key that is a number",
      z.record(z.string(), z.number()),
      `{"${phone}":"x"}`,
      "*: invalid_type number",
    ],
    [
      "zod: a refused key",
      z.record(z.string().max(3), z.number()),
      `{"Planted":1}`,
      "*: invalid_key",
    ],
    [
      "zod: beyond a record's key",
      z.record(z.string(), z.object({ n: z.number() })),
      `{"Planted":{"n":"x"}}`,
      "*.n: invalid_type number",
    ],
    [
      "zod: an item of a list",
      z.object({ to: z.array(z.email()) }),
      `{"to":["a@b.org","${accented}"]}`,
      "to.1: invalid_format email",
    ],
    [
      "zod: a text of the author's",
      z.string().refine(() => false, { error: ({ input }) => `bad: ${String(input)}` }),
      `"${address}"`,
      "custom",
    ],
    [
      "zod: a missing field",
      z.object({ email: z.email() }),
      `{"${address}":1}`,
      "email: invalid_type string",
    ],
    [
      "valibot: an address",
      v.object({ email: v.pipe(v.string(), v.email()) }),
      `{"email":"${accented}"}`,
      "email: email",
    ],
    [
      "valibot: an escaped address",
      v.object({ email: v.pipe(v.string(), v.email()) }),
      `{"email":"${escaped}"}`,
      "email: email",
    ],
    [
      "valibot: a quote in it",
      v.object({ email: v.pipe(v.string(), v.email()) }),
      `{"email":"x\\"planted"}`,
      "email: email",
    ],
    [
      "valibot: a picklist",
      v.object({ s: v.picklist(["A"]) }),
      `{"s":"${escaped}"}`,
      "s: picklist",
    ],
    ["valibot: a number", v.object({ s: v.string() }), `{"s":${phone}}`, "s: string"],
    [
      "valibot: an unknown key",
      v.strictObject({ a: v.string() }),
      `{"a":"x","Planted":1}`,
      "*: strict_object",
    ],
    ["valibot: a record's key", v.record(v.string(), v.number()), `{"Planted":"x"}`, "*: number"],
    [
      "valibot: a refused key",
      v.record(v.pipe(v.string(), v.email()), v.number()),
      `{"Planted":1}`,
      "*: email",
    ],
    [
      "arktype: an address",
      type({ email: "string.email" }),
      `{"email":"${accented}"}`,
      "email: pattern",
    ],
    [
      "arktype: an escaped address",
      type({ email: "string.email" }),
      `{"email":"${escaped}"}`,
      "email: pattern",
    ],
    ["arktype: a number", type({ phone: "string" }), `{"phone":${phone}}`, "phone: domain"],
    [
      "arktype: an object",
      type({ phone: "string" }),
      `{"phone":{"name":"planted"}}`,
      "phone: domain",
    ],
    ["arktype: a literal", type({ s: "'a'|'b'" }), `{"s":"planted O'Neill"}`, "s: union"],
    ["arktype: a record's key", type({ "[string]": "number" }), `{"Planted":"x"}`, "*: domain"],
    [
      "arktype: an unknown key",
      type({ "+": "reject", a: "string" }),
      `{"a":"x","Planted":1}`,
      "*: predicate",
    ],
  ])("%s: only where and of which kind, no data", async (_, schema, body, said) => {
    const { code, text } = await refusal(body, { schema });
    expect(code).toBe("invalid");
    expect(text).toContain(said);
    for (const planted of [/planted/i, /jos/i, /ann/i, /Neill/, /447700/, /example/]) {
      expect(text).not.toMatch(planted);
    }
  });
});

it("doesn't tell what select() answered, which may come from the event", async () => {
  const pipeline = definePipeline({
    name: "letters",
    schema: z.any(),
    key: () => ["k"],
    effects: {},
    handler: () => Promise.resolve(),
  });
  const select = (decoded: unknown) => String((decoded as { to: unknown }).to);
  const body = JSON.stringify({ to: address });
  const message = { id: "m", handle: "h", body, attributes: {}, sentAt: 0, receiveCount: 1 };
  const pipelines = new Map([["letters", pipeline]]);
  const options = { namespace: "tests", decode: json(), select, pipelines };
  expect(await admitMessage(options, message)).toMatchObject({
    refused: {
      code: "unselected",
      text: "No pipeline takes it: select() answered a name that is none of these (letters).",
    },
  });
});
