/**
 * The provider's proof that it took an effect.
 *
 * `id` is the provider's own id (an SES MessageId), never empty. It is `null` only where an
 * operator said "sent" without knowing it; the first real id then fills it.
 */
export interface Receipt {
  readonly id: string | null;
  /** Milliseconds since the epoch at which the provider (or the operator) said so. */
  readonly at: number;
  /** Who brought the proof. A `simulated` receipt never satisfies a live claim. */
  readonly via: "provider" | "event" | "operator" | "simulated";
}

/** Back-pressure from the provider: how long, and whether all sending should stop meanwhile. */
export interface Throttle {
  readonly scope: "rate" | "quota";
  /** Milliseconds until another attempt makes sense, from now. */
  readonly retryAfterMs: number;
}

/** What is known about one attempt. */
export type Outcome =
  | { readonly status: "accepted"; readonly receipt: Receipt }
  | {
      /** Provably not sent: the same attempt can never be accepted later. */
      readonly status: "rejected";
      /** A stable word for logs and metrics, without personal data. */
      readonly reason: string;
      /** True where another try of the same content cannot succeed either. */
      readonly permanent?: boolean;
      readonly throttle?: Throttle;
    }
  | { readonly status: "unknown"; readonly reason: string };
