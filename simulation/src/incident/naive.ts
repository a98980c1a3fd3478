import type { Host } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Delivery, SqsQueue } from "../worlds/sqs.js";
import { PAGE_SIZE, walkMs, type Assumptions } from "./assumptions.js";
import type { FormUpdate } from "./traffic.js";

const VISIBILITY_MS = 30_000;
const SKIP_MS = 15 * 60_000;
const ENTRY_LIFE_MS = 24 * 3_600_000;
const LOOKUP_MS = 120;
const SEND_MS = 80;
const RECEIVE = { max: 10, visibilityMs: VISIBILITY_MS, waitMs: 20_000 };

/**
 * The service as it was: on a cache miss the handler walks the whole pool, unless a walk finished
 * within the last fifteen minutes; entries live for a day; the message is deleted when the handler
 * returns, if its handle is still good.
 */
export function runNaive(
  kernel: Kernel,
  host: Host,
  queue: SqsQueue,
  assumptions: Assumptions,
  send: (update: FormUpdate) => void,
): void {
  /** When each walk began. */
  const walks: number[] = [];
  let lastFinished = Number.NEGATIVE_INFINITY;
  const { pool, pageMs } = assumptions;

  /** Entries go into the cache page by page, while the walk goes on. */
  function isCached({ doctor, accountAt }: FormUpdate): boolean {
    return walks.some((from) => {
      if (accountAt > from) return false;
      const place = Math.min(doctor, pool - 1);
      const writtenAt = from + (Math.floor(place / PAGE_SIZE) + 1) * pageMs;
      return writtenAt <= kernel.now && kernel.now < writtenAt + ENTRY_LIFE_MS;
    });
  }

  host.start(({ clock }) => {
    async function walk(): Promise<void> {
      walks.push(kernel.now);
      await clock.sleep(walkMs(assumptions));
      lastFinished = kernel.now;
    }

    async function handle({ message, handle }: Delivery): Promise<void> {
      const update = JSON.parse(message.body) as FormUpdate;
      if (!isCached(update) && kernel.now - lastFinished > SKIP_MS) await walk();
      if (!isCached(update)) return;
      await clock.sleep(LOOKUP_MS);
      send(update);
      await clock.sleep(SEND_MS);
      queue.delete(handle);
    }

    async function listen(): Promise<void> {
      for (;;) {
        const deliveries = await queue.receive(RECEIVE).reply;
        for (const delivery of deliveries) void handle(delivery);
        await clock.sleep(50);
      }
    }
    void listen();
  });
}
