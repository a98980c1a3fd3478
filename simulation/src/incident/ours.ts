import {
  createConsumer,
  definePipeline,
  json,
  memoryStore,
  type MessageQueue,
  type Sender,
} from "@exactly-once/core";
import { createUserCache } from "@exactly-once/core/user-cache";
import { z } from "zod";
import type { Host, Life } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";
import { PAGE_SIZE, type Assumptions } from "./assumptions.js";
import type { FormUpdate } from "./traffic.js";

const SEND_MS = 80;
const HOUR_MS = 3_600_000;

interface User {
  readonly id: string;
}

const formUpdate = z.object({
  at: z.number(),
  doctor: z.number(),
  form: z.enum(["A", "B"]),
  accountAt: z.number(),
});

/** The same service with this library: pipeline, consumer, dedupe store and user cache. */
export function runOurs(
  kernel: Kernel,
  host: Host,
  connect: (life: Life) => MessageQueue,
  assumptions: Assumptions,
  newAccounts: ReadonlyMap<number, number>,
  send: (update: FormUpdate) => void,
): void {
  host.start((life) => {
    const { clock, randomness } = life;
    const users = createUserCache<User>({
      source: { pages: () => pages(life, assumptions, newAccounts, kernel) },
      keys: ({ id }) => [id],
      ttlMs: 6 * HOUR_MS,
      clock,
      randomness,
    });
    const mailer: Sender<FormUpdate, FormUpdate> = {
      prepare: async (update) => update,
      summarize: ({ doctor, form, at }) => ({
        recipients: [`doctor-${doctor}`],
        contentDigest: `${form} ${at}`,
      }),
      send: async (update) => {
        await clock.sleep(SEND_MS);
        send(update);
        const id = `${update.doctor}-${update.form}-${kernel.now}`;
        return { status: "accepted", receipt: { id, at: clock.now(), via: "provider" } };
      },
    };
    const pipeline = definePipeline({
      name: "form-updated",
      schema: formUpdate,
      key: ({ doctor, form, at }) => [doctor, form, at],
      effects: { email: mailer },
      handler: async (update, context) => {
        const { signal, message } = context;
        const found = await users.lookup(`doctor-${update.doctor}`, {
          signal,
          freshAfter: message.sentAt,
        });
        if (found.status === "found") await context.once("email", update);
        else if (found.status === "defer") context.defer(found.retryAfterMs, found.reason);
        else context.deadLetter("The doctor has no account.");
      },
    });
    const consumer = createConsumer({
      namespace: "incident",
      queue: connect(life),
      store: memoryStore({ clock }),
      pipelines: [pipeline],
      decode: json(),
      ready: async () => {
        await users.ready();
      },
      visibilityMs: 60_000,
      clock,
      randomness,
    });
    users.start();
    void consumer.start();
  });
}

async function* pages(
  { clock }: Life,
  { pool, pageMs }: Assumptions,
  newAccounts: ReadonlyMap<number, number>,
  kernel: Kernel,
) {
  const doctors = pool + newAccounts.size;
  for (let from = 0; from < doctors; from += PAGE_SIZE) {
    await clock.sleep(pageMs);
    const users: User[] = [];
    for (let doctor = from; doctor < Math.min(doctors, from + PAGE_SIZE); doctor += 1) {
      const madeAt = newAccounts.get(doctor);
      if (madeAt === undefined || madeAt <= kernel.now) users.push({ id: `doctor-${doctor}` });
    }
    const next = from + PAGE_SIZE < doctors ? { next: String(from + PAGE_SIZE) } : {};
    yield { users, ...next };
  }
}
