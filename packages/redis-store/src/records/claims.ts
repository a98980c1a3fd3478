import type { DedupeStore } from "@exactly-once/core";
import { pack } from "../format/packed-ids.js";
import * as replies from "../format/replies.js";
import type { RecordCommands } from "./record-commands.js";

type ClaimOperations = Pick<
  DedupeStore,
  "claim" | "extend" | "complete" | "release" | "bury" | "read"
>;

/** What is about a whole record: who has it, and how it ends. */
export function redisClaims(about: RecordCommands, retentionMs: number): ClaimOperations {
  return {
    claim: (items) =>
      together(items, (item) => {
        const { key, keyText, pipeline, owner, leaseMs, simulated = false } = item;
        const [messageId, fingerprint] = [pack(item.messageId), pack(item.fingerprint)];
        const lease = { owner, leaseMs, retentionMs };
        const args = { keyText, pipeline, messageId, fingerprint, simulated, ...lease };
        return about.answer("claim", key, args, replies.decodeClaim);
      }),
    extend: (items) =>
      together(items, ({ key, owner, fence, leaseMs }) =>
        about.answer("extend", key, { owner, fence, leaseMs, retentionMs }, replies.decodeExtend),
      ),
    complete: (items) =>
      together(items, ({ key, owner, fence, waived = {}, fingerprint }) => {
        const bound = fingerprint === undefined ? "" : pack(fingerprint);
        const waivers = Object.entries(waived);
        const args = { owner, fence, waived: waivers, fingerprint: bound, retentionMs };
        return about.answer("complete", key, args, replies.decodeComplete);
      }),
    release: (items) =>
      together(items, ({ key, owner, fence, untried = false }) =>
        about.answer("release", key, { owner, fence, untried, retentionMs }, replies.decodeRelease),
      ),
    bury: ({ key, keyText, pipeline, reason, claim, ...burial }) => {
      const { owner, fence } = claim ?? { owner: "", fence: 0 };
      const messageId = pack(burial.messageId);
      const args = { keyText, pipeline, messageId, reason, owner, fence, retentionMs };
      return about.run("bury", key, args, replies.decodeBury);
    },
    read: (keys) => together(keys, (key) => about.answer("read", key, {}, replies.decodeView)),
  };
}

/** All are asked for in one turn. Replies keep the order. */
function together<Item, Reply>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Reply>,
): Promise<readonly Reply[]> {
  return Promise.all(items.map(ask));
}
