import type { HistoryFact } from "./history-fact.js";

/** How a history keeps one notification: as flat text fields, so that facts merge without reading. */
export type NotificationFields = Readonly<Record<string, string>>;

/** What a fact does to the fields. */
export interface FieldChange {
  readonly name: string;
  /** `first`: only where there is none yet; `last`: replaces; `count`: adds one. */
  readonly how: "first" | "last" | "count";
  readonly value: string;
}

/** The fields of {@link NotificationFields}; the last two parts of a name tell facts apart. */
export function changesOf(fact: HistoryFact): readonly FieldChange[] {
  const { key: _key, type, ...rest } = fact;
  const value = JSON.stringify(rest);
  switch (fact.type) {
    case "seen":
      return [{ name: type, how: "first", value }];
    case "sent":
      return [{ name: `sent:${fact.via}:${fact.messageId ?? ""}`, how: "first", value }];
    case "delivery":
      return [{ name: `delivery:${fact.state}:${fact.messageId}`, how: "first", value }];
    case "suppressed":
      return [
        { name: "suppressions", how: "count", value: "1" },
        { name: type, how: "last", value },
      ];
    case "held":
    case "deadLettered":
    case "done":
      return [{ name: type, how: "last", value }];
  }
}
