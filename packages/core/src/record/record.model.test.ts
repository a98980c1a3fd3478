import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../ports/index.js";
import * as claims from "./claims.js";
import * as effects from "./effects.js";
import {
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
  type Transition,
  isLive,
} from "./record.js";

/**
 * The model in `specs/` was searched exhaustively; this holds the code to the same table. The file
 * is printed by `specs/table.pml`, a line for each state and command.
 */
const MODEL = readFileSync(new URL("../../../../specs/record-table.txt", import.meta.url), "utf8");

const KEY = "0".repeat(32);
const NOW = 1_000_000;
const POLICY = { retentionMs: 1_000 };
const OPERATOR = { by: "operator", why: "test" };
const MINE = { owner: "1", fence: 2 };
const LATER = { owner: "2", fence: 3 };

const CLAIMS: Record<string, Partial<NotificationRecord>> = {
  "claimed-mine-live": { state: "claimed", ...MINE, leaseUntil: NOW + 1 },
  "claimed-mine-over": { state: "claimed", ...MINE },
  "claimed-later-live": { state: "claimed", ...LATER, leaseUntil: NOW + 1 },
  "claimed-later-over": { state: "claimed", ...LATER },
  "claimed-samefence-live": { state: "claimed", owner: "2", fence: 2, leaseUntil: NOW + 1 },
  "released-mine": { state: "released", ...MINE },
  "released-later": { state: "released", ...LATER },
  "done-mine": { state: "done", ...MINE },
  "done-later": { state: "done", ...LATER },
  "dead-mine": { state: "dead", owner: "", fence: 2, dead: { messageId: "1", reason: "", at: 0 } },
  "dead-other": { state: "dead", owner: "", fence: 2, dead: { messageId: "2", reason: "", at: 0 } },
};

const ATTEMPTS: Record<string, { owner: string; fence: number; attemptNumber: number }> = {
  "mine-n1": { ...MINE, attemptNumber: 1 },
  "mine-n2": { ...MINE, attemptNumber: 2 },
  "later-n1": { ...LATER, attemptNumber: 1 },
};

function effectOf(word: string, attempt: string, staleAt: number): EffectRecord[] {
  const names = ATTEMPTS[attempt];
  if (word === "none" || !names) return [];
  const accepted = word.startsWith("accepted");
  return [
    {
      effect: "email",
      ...names,
      state: accepted ? "accepted" : (word as EffectRecord["state"]),
      floor: names.attemptNumber,
      floorFence: names.fence,
      startedAt: 0,
      deadline: 0,
      staleAt,
      ...(accepted
        ? { receipt: { id: word === "accepted" ? "5" : null, at: 0, via: "provider" as const } }
        : {}),
    },
  ];
}

function recordOf(words: readonly string[], staleAt: number): MaybeRecord {
  const [state = "", effect = "", attempt = ""] = words;
  const claim = CLAIMS[state];
  if (!claim) return undefined;
  return {
    key: KEY,
    keyText: "",
    pipeline: "p",
    state: "claimed",
    owner: "",
    fence: 0,
    leaseUntil: 0,
    claimedAt: 0,
    messageId: "1",
    tries: 1,
    effects: effectOf(effect, attempt, staleAt),
    ...claim,
  };
}

function attempt(attemptNumber: number) {
  return { key: KEY, effect: "email", ...MINE, attemptNumber };
}

function accepted(id: string): Outcome {
  return { status: "accepted", receipt: { id, at: 0, via: "provider" } };
}

type Applied = Transition<unknown>;

const COMMANDS: Record<string, (record: MaybeRecord) => Applied> = {
  claim: (r) =>
    claims.claim(
      r,
      {
        key: KEY,
        keyText: "",
        pipeline: "p",
        owner: "1",
        leaseMs: 1,
        messageId: "1",
        fingerprint: "f",
      },
      NOW,
      POLICY,
    ),
  "begin n1": (r) => begin(r, 1),
  "begin n2": (r) => begin(r, 2),
  "block n1": (r) => effects.block(r, { ...attempt(1), reason: "", fingerprint: "f" }, NOW),
  "block n2": (r) => effects.block(r, { ...attempt(2), reason: "", fingerprint: "f" }, NOW),
  "accepted n1 proof 5": (r) => effects.settle(r, attempt(1), accepted("5"), NOW),
  "accepted n1 proof 6": (r) => effects.settle(r, attempt(1), accepted("6"), NOW),
  "rejected n1": (r) => effects.settle(r, attempt(1), { status: "rejected", reason: "" }, NOW),
  "rejected n2": (r) => effects.settle(r, attempt(2), { status: "rejected", reason: "" }, NOW),
  "unknown n1": (r) => effects.settle(r, attempt(1), { status: "unknown", reason: "" }, NOW),
  complete: (r) => claims.complete(r, { key: KEY, ...MINE }, NOW, POLICY),
  release: (r) => claims.release(r, { key: KEY, ...MINE }, NOW, POLICY),
  "bury early": bury,
  "bury stale": bury,
  "not-sent early": (r) => effects.resolve(r, attempt(1), "not-sent", OPERATOR, NOW),
  "not-sent stale": (r) => effects.resolve(r, attempt(1), "not-sent", OPERATOR, NOW),
  sent: (r) => effects.resolve(r, attempt(1), "sent", OPERATOR, NOW),
  allow: (r) => effects.resolve(r, attempt(1), "allow", OPERATOR, NOW),
  drop: (r) => effects.resolve(r, attempt(1), "drop", OPERATOR, NOW),
};

function begin(record: MaybeRecord, attemptNumber: number): Applied {
  return effects.begin(
    record,
    { ...attempt(attemptNumber), timeoutMs: 1, validityMs: 1, fingerprint: "f" },
    NOW,
  );
}

function bury(record: MaybeRecord): Applied {
  const claim = { key: KEY, keyText: "", pipeline: "p", messageId: "1", reason: "", claim: MINE };
  return claims.bury(record, claim, NOW, POLICY);
}

/** The model's word for a reply. */
function replyWord(reply: unknown): string {
  const word =
    typeof reply === "string"
      ? reply
      : typeof reply === "object" && reply !== null && "status" in reply
        ? String(reply.status)
        : (Object.keys(reply as object)[0] ?? "");
  const words: Record<string, string> = {
    unknownAttempt: "NOATTEMPT",
    duplicateOf: "DUPLICATE",
    settledAfterDeadLetter: "AFTERDEAD",
  };
  return words[word] ?? word.toUpperCase();
}

function recordWord(record: MaybeRecord): string {
  if (!record) return "ABSENT 0.0 0";
  const live = isLive(record, NOW) ? 1 : 0;
  return `${record.state.toUpperCase()} ${record.owner || "0"}.${record.fence} ${live}`;
}

function effectWord(record: MaybeRecord): string {
  const effect = record?.effects[0];
  if (!effect) return "NONE";
  const { owner, fence, attemptNumber, floorFence, floor, receipt } = effect;
  const proof = receipt === undefined ? "99" : (receipt.id ?? "98");
  return `${effect.state.toUpperCase()} ${owner}.${fence}.${attemptNumber} floor ${floorFence}.${floor} proof ${proof}`;
}

/** A line of the table, from the code. */
function lineFor(state: string, command: string): string {
  const stale = !command.endsWith("early");
  const before = recordOf(state.split(" "), stale ? NOW - 1 : NOW + 1);
  const { record, reply } = (COMMANDS[command] as (r: MaybeRecord) => Applied)(before);
  return `${state} | ${command} | ${replyWord(reply)} | ${recordWord(record)} | ${effectWord(record)}`;
}

describe("record: the model's table", () => {
  const lines = MODEL.trimEnd().split("\n");

  it("covers every command in every state", () => {
    const commands = new Set(lines.map((line) => line.split(" | ")[1]));
    expect([...commands].sort()).toEqual(Object.keys(COMMANDS).sort());
    expect(lines.length).toBe((1 + 11 * 22) * commands.size);
  });

  it.each(Object.keys(COMMANDS))("%s does in every state what the model does", (command) => {
    const own = lines.filter((line) => line.split(" | ")[1] === command);
    const built = own.map((line) => lineFor(line.split(" | ")[0] ?? "", command));
    expect(built).toEqual(own);
  });
});
