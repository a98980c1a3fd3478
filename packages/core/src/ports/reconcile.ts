/**
 * How far a service has processed its provider's events. Durable, and shared by the service's
 * replicas: what one has processed, any of them may conclude from.
 */
export interface ReconcileProgress {
  /**
   * Notes that everything an event says has been stored, for something the provider accepted at
   * `acceptedAt` (the provider's clock, ms since the epoch). The mark moves forward only.
   */
  advance(namespace: string, acceptedAt: number): Promise<void>;
  /** The latest `acceptedAt` so far; `undefined` before the first. */
  read(namespace: string): Promise<number | undefined>;
}
