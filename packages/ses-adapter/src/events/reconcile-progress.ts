import type { ReconcileProgress } from "@exactly-once/core/ports";

/** Progress of this process only, forgotten on restart: for tests, development and one replica. */
export function memoryReconcileProgress(): ReconcileProgress {
  const marks = new Map<string, number>();
  return {
    advance: (namespace, acceptedAt) => {
      marks.set(namespace, Math.max(acceptedAt, marks.get(namespace) ?? acceptedAt));
      return Promise.resolve();
    },
    read: (namespace) => Promise.resolve(marks.get(namespace)),
  };
}
