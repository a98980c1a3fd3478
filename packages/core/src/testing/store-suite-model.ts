import assert from "node:assert/strict";

import type { AttemptInfo } from "../ports/index.js";
import { viewRecord } from "../record/view.js";
import { randomCommand, type Choices, type Command } from "./store-suite-commands.js";
import { storeModel, type StoreModel } from "./store-suite-table.js";
import { accepted, digest, type Behaviour, type StoreTools } from "./store-suite-tools.js";

/** The part of fast-check that the suite needs: pass the whole module. */
export interface PropertyTester {
  /** `fc.nat` */
  nat(max: number): unknown;
  /** `fc.tuple` */
  tuple(...parts: readonly unknown[]): unknown;
  /** `fc.array` */
  array(item: unknown, options: { minLength: number; maxLength: number }): unknown;
  /** `fc.asyncProperty` */
  asyncProperty(sequences: unknown, run: (steps: readonly Choices[]) => Promise<void>): unknown;
  /** `fc.assert` */
  assert(property: unknown, options: { numRuns: number }): Promise<void> | void;
}

/** Times are either long over or far away, so that only the table decides, not the machine's speed. */
const LAPSE_MS = 3;
const KEYS = 2;

/** Random commands given to the store and to the table: each reply and each record must agree. */
export function modelBehaviours(behaviour: Behaviour, fc: PropertyTester, runs: number): void {
  behaviour("answers random commands as the table does", async (tools) => {
    const choices = fc.tuple(...[31, KEYS - 1, 7, 7, 7, 3].map((max) => fc.nat(max)));
    const sequences = fc.array(choices, { minLength: 1, maxLength: 25 });
    let run = 0;
    const property = fc.asyncProperty(sequences, async (steps) => {
      run += 1;
      const keys = Array.from({ length: KEYS }, (_, i) => digest(`run ${run} key ${i}`));
      await compare(tools, keys, steps);
    });
    await fc.assert(property, { numRuns: runs });
  });
}

async function compare(
  { store, elapse }: StoreTools,
  keys: readonly string[],
  steps: readonly Choices[],
): Promise<void> {
  const table = storeModel();
  const told: string[] = [];

  async function step(command: Command): Promise<void> {
    told.push(command.text);
    check(await command.run(store), await command.run(table.store), "replied");
    if (command.lapse) {
      await elapse(LAPSE_MS);
      table.advance(LAPSE_MS);
    }
    const views = keys.map((key) => viewRecord(table.records.get(key), table.now()));
    check(await store.read(keys), views, "left the records");
  }

  function check(actual: unknown, expected: unknown, verb: string): void {
    const [is, ought] = [JSON.stringify(timeless(actual)), JSON.stringify(timeless(expected))];
    if (is === ought) return;
    const history = told.map((text, i) => `  ${i + 1}. ${text}`).join("\n");
    assert.fail(`The store ${verb}\n  ${is}\nand the table\n  ${ought}\nafter\n${history}`);
  }

  for (const choices of steps) {
    const command = randomCommand(choices, keys, table);
    await step(command);
    if (choices[5] === 3) await step({ ...command, text: `${command.text}, repeated` });
  }
  const { items } = await store.unresolved();
  const listed = items.filter(({ key }) => keys.includes(key)).map(({ attempt }) => attempt);
  check(inOrder(listed), inOrder(table.attention()), "lists as unresolved");
  await leaveNothing(table, keys, store);
}

/** Evidence settles whatever is open, so that the next run's list is its own. */
async function leaveNothing(
  table: StoreModel,
  keys: readonly string[],
  store: StoreTools["store"],
): Promise<void> {
  for (const key of keys) {
    for (const effect of table.records.get(key)?.effects ?? []) {
      await store.settle({ key, ...effect }, accepted("last"));
    }
  }
}

function inOrder(attempts: readonly AttemptInfo[]): AttemptInfo[] {
  return [...attempts].sort((a, b) => (a.attemptId < b.attemptId ? -1 : 1));
}

/** Without absolute times, which are the store's own, and with the durations they make. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== "object" || value === null) return value;
  const { startedAt, deadline, staleAt, ...rest } = value as Readonly<Record<string, unknown>>;
  const spans =
    typeof startedAt === "number" && typeof deadline === "number" && typeof staleAt === "number"
      ? { timeoutMs: deadline - startedAt, validityS: Math.round((staleAt - deadline) / 1_000) }
      : {};
  const others = Object.entries(rest)
    .filter(([name, field]) => field !== undefined && !ABSOLUTE.has(name))
    .map(([name, field]) => [name, MOMENTS.has(name) ? true : timeless(field)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...Object.fromEntries(others), ...spans };
}

/** Times of which it counts whether there are any. */
const MOMENTS: ReadonlySet<string> = new Set(["tooEarly", "unknownSince"]);
/** A hint is judged by its sign elsewhere; a receipt's time matters only where a caller gave it. */
const ABSOLUTE: ReadonlySet<string> = new Set(["since", "leaseUntil", "retryAfterMs", "at"]);
