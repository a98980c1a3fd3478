import type { DedupeStore } from "@exactly-once/core";
import type { GrantedRecord } from "@exactly-once/core/ports";
import type { Argument } from "../format/named.js";
import { pack } from "../format/packed-ids.js";
import * as replies from "../format/replies.js";
import type { RecordCommands } from "./record-commands.js";

/** What is about one attempt at one effect. */
export function redisEffects(
  about: RecordCommands,
  retentionMs: number,
): Pick<DedupeStore, "begin" | "block" | "settle"> {
  return {
    begin: (item) => {
      const { key, effect: name, owner, fence, attemptNumber, timeoutMs, validityMs } = item;
      const fingerprint = pack(item.fingerprint);
      const attempt = { name, owner, fence, attemptNumber, timeoutMs, validityMs, fingerprint };
      const args = { ...attempt, repeatWithinMs: item.repeatWithinMs ?? false };
      return about.run("begin", key, args, replies.decodeBegin);
    },
    block: (item) => {
      const { key, effect: name, owner, fence, attemptNumber, reason } = item;
      const fingerprint = pack(item.fingerprint);
      const args = { name, owner, fence, attemptNumber, reason, fingerprint };
      return about.run("block", key, args, replies.decodeBlock);
    },
    settle: ({ key, effect: name, owner, fence, attemptNumber }, outcome, granted) => {
      const { status } = outcome;
      const attempt = { name, owner, fence, attemptNumber, status, granted: recordOf(granted) };
      if (status !== "accepted") {
        const fact = { reason: outcome.reason, receiptId: "", receiptAt: 0, via: "" };
        return about.run("settle", key, { ...attempt, ...fact }, replies.decodeSettle);
      }
      const { id, at: receiptAt, via } = outcome.receipt;
      const fact = { reason: "", receiptId: id === null ? "" : pack(id), receiptAt, via };
      return about.run("settle", key, { ...attempt, ...fact }, replies.decodeSettle);
    },
  };

  /** What the script makes a lost record of, in the order in which it takes it. */
  function recordOf(granted: GrantedRecord | undefined): Argument {
    if (!granted) return false;
    const { keyText, pipeline, messageId, fingerprint } = granted;
    return [keyText, pipeline, pack(messageId), pack(fingerprint), retentionMs];
  }
}
