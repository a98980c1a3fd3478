import { UnreadableRecordError } from "../errors.js";
import type { DedupeStore, ItemReply } from "../ports/index.js";

/**
 * A store in which some keys have a record that this release can't read: each item about one of them
 * fails by itself, and nothing else does.
 *
 * @param keyText what such a key's text contains
 */
export function withUnreadable(store: DedupeStore, keyText: string): Unreadable {
  const keys = new Set<string>();
  const state = { mended: false };
  const faultOf = ({ key }: { readonly key: string }): Error | undefined =>
    !state.mended && keys.has(key) ? new UnreadableRecordError(key, "format 9") : undefined;

  const many =
    <Item extends { readonly key: string }, Reply>(
      call: (items: readonly Item[]) => Promise<readonly ItemReply<Reply>[]>,
    ) =>
    async (items: readonly Item[]): Promise<readonly ItemReply<Reply>[]> => {
      const replies = [...(await call(items.filter((item) => !faultOf(item))))];
      return items.map((item) => faultOf(item) ?? (replies.shift() as ItemReply<Reply>));
    };
  const one =
    <Args extends readonly [{ readonly key: string }, ...unknown[]], Reply>(
      call: (...args: Args) => Promise<Reply>,
    ) =>
    async (...args: Args): Promise<Reply> => {
      const fault = faultOf(args[0]);
      if (fault) throw fault;
      return call(...args);
    };
  return {
    mend: () => (state.mended = true),
    store: {
      ...store,
      claim: async (items) => {
        for (const item of items) if (item.keyText.includes(keyText)) keys.add(item.key);
        return many(store.claim)(items);
      },
      extend: many(store.extend),
      complete: many(store.complete),
      release: many(store.release),
      begin: one(store.begin),
      block: one(store.block),
      settle: one(store.settle),
      bury: one(store.bury),
      read: async (asked) => {
        const views = await store.read(asked);
        return asked.map((key, index) => faultOf({ key }) ?? views[index]);
      },
    },
  };
}

export interface Unreadable {
  readonly store: DedupeStore;
  /** From now on all can be read. */
  mend(): void;
}
