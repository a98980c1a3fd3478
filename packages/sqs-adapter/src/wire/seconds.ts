/** SQS counts visibility and polls in seconds. Never less than asked for, and 0 only if asked for. */
export function toSeconds(ms: number): number {
  return ms <= 0 ? 0 : Math.max(1, Math.ceil(ms / 1_000));
}
