import type { EventBacklog } from "@exactly-once/ses-adapter";
import type { Life } from "../kernel/host.js";
import type { Service } from "../kernel/network.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Site } from "../kernel/decisions.js";
import type { SqsQueue } from "../worlds/sqs.js";

/** The wires of one host to the counts of the event queue and its dead-letter queue. */
export interface BacklogWires {
  connect(life: Life): () => Promise<EventBacklog>;
}

/** "About a minute" by the SQS documentation, a fortieth of it here, with room to spare; ms. */
const COUNTS_LAG_MS = 5_000;

interface BacklogFaults {
  readonly kernel: Kernel;
  site(place: string, fault: string, rate: number): Site;
}

/** Counts as SQS gives them: sometimes those of a while ago. */
export function backlogWires(
  host: string,
  service: Service,
  { kernel, site }: BacklogFaults,
  queues: { readonly notices: SqsQueue; readonly noticesDlq: SqsQueue },
): BacklogWires {
  const wire = service.wire(host, "counts");
  const outdated = site("noticesSqs", "countsOutdated", 0.5);
  const seen: { readonly at: number; readonly counts: EventBacklog }[] = [];

  function count(): EventBacklog {
    const counts = {
      pending: queues.notices.messages().length,
      deadLettered: queues.noticesDlq.messages().length,
    };
    seen.push({ at: kernel.now, counts });
    const lag = outdated.next() * COUNTS_LAG_MS;
    return seen.find(({ at }) => at >= kernel.now - lag)?.counts ?? counts;
  }

  return {
    connect: (life) => () =>
      wire.call(life, count, ({ pending, deadLettered }) => `${pending}+${deadLettered}`),
  };
}
