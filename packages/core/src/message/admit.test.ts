import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventBridge, json, sns, type Decoder } from "../pipeline/decode.js";
import { definePipeline, type PipelineDefinition } from "../pipeline/pipeline.js";
import type { QueueMessage } from "../ports/index.js";
import { admitMessage, type Admission } from "./admit.js";

const plain = { id: "m", handle: "h", attributes: {}, sentAt: 0, receiveCount: 1 };

type Definition = PipelineDefinition<StandardSchemaV1, Record<never, never>>;

function admit(
  body: string,
  over: Partial<Definition> & {
    readonly decode?: Decoder;
    readonly message?: Partial<QueueMessage>;
  } = {},
): Promise<Admission> {
  const { decode = json(), message: delivered = {}, ...definition } = over;
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
  const message = { ...plain, body, ...delivered };
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

async function admitted(body: string, over: Parameters<typeof admit>[1] = {}) {
  const admission = await admit(body, over);
  if ("admitted" in admission) return admission.admitted;
  throw new Error(`was refused: ${JSON.stringify(admission)}`);
}

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

describe("an integer beyond 2^53", () => {
  const [one, two] = ["653247040368672768", "653247040368672769"];
  const order = (id: string) =>
    `{"id":${id},"note":"id ${two}","n":[1.5e300,-12,0.1234567890123456]}`;
  const key = (event: unknown) => [(event as { id: string | number }).id];

  it.each<readonly [string, Decoder]>([
    ["json()", json()],
    ["a decoder of one's own", (body) => JSON.parse(body) as unknown],
  ])("is refused by name where nobody says how to read it: %s", async (_, decode) => {
    const { code, text } = await refusal(order(one), { decode, key });
    expect(code).toBe("undecodable");
    expect(text).toContain('json({ bigNumbers: "string" })');
    expect(text).not.toContain(one);
  });

  it.each<readonly [string, Decoder, (order: string) => string]>([
    ["json", json({ bigNumbers: "string" }), (body) => body],
    ["sns", sns(json({ bigNumbers: "string" })), (Message) => JSON.stringify({ Message })],
    [
      "eventBridge",
      eventBridge({ bigNumbers: "string" }),
      (detail) => `{"detail-type":"t","detail":${detail}}`,
    ],
  ])("arrives as text with all its digits: %s", async (_, decode, wrap) => {
    const orders = await Promise.all(
      [one, two, "-9007199254740993"].map((id) => admitted(wrap(order(id)), { decode, key })),
    );
    expect(orders.map(({ event }) => event)).toEqual(
      [one, two, "-9007199254740993"].map((id) => ({
        id,
        note: `id ${two}`,
        n: [1.5e300, -12, 0.1234567890123456],
      })),
    );
    expect(new Set(orders.map((found) => found.key.digest)).size).toBe(3);
  });

  it("leaves smaller ones, and digits within texts, as they are", async () => {
    const body = order("9007199254740991");
    expect((await admitted(body, { key })).event).toEqual(JSON.parse(body));
  });

  it("is rounded where the decoder says so, but never in a key", async () => {
    const decode = json({ bigNumbers: "round" });
    expect((await admitted(order(one), { decode })).event).toMatchObject({ id: Number(one) });
    expect(await refusal(order(one), { decode, key })).toMatchObject({ code: "invalidKey" });
  });

  it("doesn't make JSON of what is none", async () => {
    expect(await refusal(`{${one}: 1}`, { decode: json({ bigNumbers: "string" }) })).toMatchObject({
      text: "The message body isn't JSON.",
    });
  });

  it("is told apart from a setting that is none", () => {
    expect(() => json({ bigNumbers: "bigint" as "round" })).toThrow(
      'json: bigNumbers is "bigint"; give "refuse" or "string" or "round"',
    );
  });
});

describe("an event's time", () => {
  const sentAt = 5_000;
  const bridged = `{"id":"e1","detail-type":"updated","source":"tis","time":"1970-01-01T00:00:02Z","replay-name":"again","detail":{"at":1000}}`;
  const message = { sentAt };
  const eventTime = (event: unknown) => (event as { at: number }).at;

  it("is the pipeline's word, else the envelope's, else when the message was sent", async () => {
    const decode = eventBridge();
    expect((await admitted(`{"at":1000}`, { message })).happenedAt).toBe(5_000);
    expect((await admitted(bridged, { message, decode })).happenedAt).toBe(2_000);
    expect((await admitted(bridged, { message, decode, eventTime })).happenedAt).toBe(1_000);
    const asDate = () => new Date(3_000);
    expect((await admitted(`{}`, { message, eventTime: asDate })).happenedAt).toBe(3_000);
  });

  it("of an edition is when that was published", async () => {
    const republished = { sentAt, attributes: { "exactly-once-edition": "May" } };
    const over = { message: republished, decode: eventBridge(), eventTime };
    expect((await admitted(bridged, over)).happenedAt).toBe(5_000);
  });

  it("that is none dead-letters the message", async () => {
    expect(await refusal(`{"at":"yesterday"}`, { eventTime })).toMatchObject({ code: "permanent" });
  });

  it("stands beside what else surrounds an event", async () => {
    const { envelope } = await admitted(bridged, { decode: eventBridge() });
    expect(envelope).toEqual({
      id: "e1",
      time: 2_000,
      source: "tis",
      type: "updated",
      replayName: "again",
    });
  });
});

describe("an edition", () => {
  const of = (edition: string) => ({ attributes: { "exactly-once-edition": edition } });

  it("is part of the key, and keys without one are as they always were", async () => {
    const { key } = await admitted("{}");
    expect(key).toEqual({
      digest: "b3b6b5f0621654c8dda86a5c71984c94",
      text: '["tests","letters","k"]',
    });
    const may = await admitted("{}", { message: of("bounces of May 2026") });
    expect(may).toMatchObject({
      edition: "bounces of May 2026",
      key: { text: '["tests","letters","k",{"edition":"bounces of May 2026"}]' },
    });
    const june = await admitted("{}", { message: of("bounces of June 2026") });
    expect(new Set([key, may.key, june.key].map(({ digest }) => digest)).size).toBe(3);
  });

  it.each(["", " May", "a/b", "x".repeat(101)])("named %j is refused", async (edition) => {
    expect(await refusal("{}", { message: of(edition) })).toMatchObject({ code: "invalidKey" });
  });
});
