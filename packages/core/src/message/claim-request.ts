import { isSimulating } from "../pipeline/delivery.js";
import type { ClaimRequest } from "../ports/index.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { RunEnvironment } from "../run/run.js";

/** What is asked of the store for a message that made it to its key. */
export function claimRequest(
  { delivery }: Pick<RunEnvironment, "delivery">,
  { key, pipeline, fingerprint }: Admitted,
  messageId: string,
  owner: string,
  leaseMs: number,
): ClaimRequest {
  return {
    key: key.digest,
    keyText: key.text,
    pipeline: pipeline.name,
    owner,
    leaseMs,
    messageId,
    fingerprint,
    simulated: isSimulating(delivery),
  };
}
