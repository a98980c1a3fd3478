/**
 * Whether effects reach the world.
 *
 * - `live`: they do.
 * - `allowlist`: only those all of whose recipients `allow` accepts; the others are simulated.
 * - `dry-run`: none does.
 *
 * A simulated receipt says so and never satisfies a live claim: what was rehearsed is still sent
 * once the service goes live.
 */
export type Delivery =
  | "live"
  | "dry-run"
  | {
      readonly mode: "allowlist";
      /** Gets each recipient as the sender's `summarize` has it. */
      readonly allow: (recipient: string) => boolean;
    };

export function isSimulating(delivery: Delivery): boolean {
  return delivery !== "live";
}

/** Whether an effect for these recipients is sent for real. */
export function isSentFor(delivery: Delivery, recipients: readonly string[] | undefined): boolean {
  if (delivery === "live") return true;
  if (delivery === "dry-run") return false;
  return recipients !== undefined && recipients.length > 0 && recipients.every(delivery.allow);
}
