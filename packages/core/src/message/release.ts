import type { GrantedClaim } from "../leases/kept-lease.js";
import type { Release } from "../ports/index.js";

/**
 * How a claim is given back.
 *
 * @param counts whether it stays a try of its message
 */
export function releaseOf({ key, owner, fence }: GrantedClaim, counts: boolean): Release {
  return counts ? { key, owner, fence } : { key, owner, fence, untried: true };
}
