import type { AttemptStart, ClaimRequest, Lease, Outcome } from "@exactly-once/core/ports";
import { createHash } from "node:crypto";

/** A key's digest, as core makes them. */
export function digest(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

const FINGERPRINT = "v1:00112233445566778899aabbccddeeff";

export function claimOf(key: string, owner = "a", leaseMs = 60_000): ClaimRequest {
  return {
    key,
    keyText: `["tis","form-updated","${key}"]`,
    pipeline: "form-updated",
    owner,
    leaseMs,
    messageId: "0b1f5a9e-7f3c-4d2e-9a77-000102030405",
    fingerprint: FINGERPRINT,
  };
}

export function leaseOf(key: string, owner = "a", fence = 1): Lease {
  return { key, owner, fence };
}

export function startOf(lease: Lease): AttemptStart {
  const span = { timeoutMs: 30_000, validityMs: 300_000 };
  return { ...lease, effect: "email", attemptNumber: 1, ...span, fingerprint: FINGERPRINT };
}

/** With an id like those of SES. */
export function acceptedNow(): Outcome {
  const id = "0100018f2b3c4d5e-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000";
  return { status: "accepted", receipt: { id, at: Date.now(), via: "provider" } };
}
