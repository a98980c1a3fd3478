/** What surrounds an event, of whatever brought it. */
export interface Envelope {
  /** The event's own id. */
  readonly id?: string | undefined;
  /** When the event happened, ms since the epoch. A replay keeps it. */
  readonly time?: number | undefined;
  /** Who told of it. */
  readonly source?: string | undefined;
  /** What kind it is (EventBridge: `detail-type`). */
  readonly type?: string | undefined;
  /** The replay that brought it, where an archive did. */
  readonly replayName?: string | undefined;
}

const MARK = Symbol.for("@exactly-once/enveloped");

/** What a decoder answers with where it knows more than the event. */
export interface Enveloped<Event = unknown> {
  readonly event: Event;
  readonly envelope: Envelope;
  readonly [MARK]: true;
}

/**
 * For a decoder of your own: the event, and what surrounds it.
 *
 * @example
 * ```ts
 * const decode = async (body: string) => {
 *   const { happenedAt, payload } = JSON.parse(body);
 *   return inEnvelope(payload, { time: Date.parse(happenedAt) });
 * };
 * ```
 */
export function inEnvelope<Event>(event: Event, envelope: Envelope): Enveloped<Event> {
  return { event, envelope, [MARK]: true };
}

/** Also what another copy of this package made. */
export function isEnveloped(decoded: unknown): decoded is Enveloped {
  return typeof decoded === "object" && decoded !== null && MARK in decoded;
}
