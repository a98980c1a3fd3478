import type { ReconcileProgress } from "@exactly-once/core/ports";
import { memoryReconcileProgress } from "@exactly-once/ses-adapter";
import type { Life } from "../kernel/host.js";
import type { Service } from "../kernel/network.js";

/** The wires of one host to the place where it is noted how far events have been processed. */
export interface ProgressWires {
  connect(life: Life): ReconcileProgress;
}

export function progressWires(host: string, service: Service): ProgressWires {
  // What the server keeps; the wires, and so this, outlive the host's crashes.
  const server = memoryReconcileProgress();
  const wires = { advance: service.wire(host, "advance"), read: service.wire(host, "readMark") };
  return {
    connect: (life) => ({
      advance: (namespace, acceptedAt) =>
        wires.advance.call(
          life,
          () => server.advance(namespace, acceptedAt),
          () => "noted",
        ),
      read: (namespace) =>
        wires.read.call(
          life,
          () => server.read(namespace),
          (mark) => String(mark),
        ),
    }),
  };
}
