import { type MessageQueue, QueueUnavailableError } from "@exactly-once/core";
import type {
  DeadLetterReason,
  DeadLetterReply,
  QueueMessage,
  QueueReply,
  ReceiveRequest,
  VisibilityChange,
} from "@exactly-once/core/ports";
import type { Decisions } from "../kernel/decisions.js";
import { EPOCH, type Life } from "../kernel/host.js";
import type { Service, Wire } from "../kernel/network.js";
import type { Delivery, Poll, SqsError, SqsQueue } from "../worlds/sqs.js";

/** The wires of one host to one queue and its dead-letter queue. */
export interface QueueWires {
  connect(life: Life): MessageQueue;
}

/** The longest long poll that SQS takes. */
const MAX_WAIT_MS = 20_000;

export function queueWires(
  host: string,
  service: Service,
  queue: SqsQueue,
  decisions: Decisions,
  onExtendedAfterLoss: (handle: string) => void = () => undefined,
): QueueWires {
  const wires = {
    receive: service.wire(host, "receive", MAX_WAIT_MS),
    extend: service.wire(host, "extend"),
    acknowledge: service.wire(host, "acknowledge"),
    retryLater: service.wire(host, "retryLater"),
    deadLetter: service.wire(host, "deadLetter"),
  };
  const entryFails = decisions.site(`${host}.sqs.batch`, "entryFails", "sqs.entryFails", 0.05);

  function connect(life: Life): MessageQueue {
    const lost = new Set<string>();
    const over = <Reply>(
      wire: Wire,
      execute: () => Reply | Promise<Reply>,
      outline: (reply: Reply) => string,
    ): Promise<Reply> =>
      wire.call(life, execute, outline).catch((cause: unknown) => {
        throw new QueueUnavailableError("The simulated queue did not answer.", { cause });
      });

    const batch = <Item>(
      wire: Wire,
      items: readonly Item[],
      apply: (item: Item) => "ok" | SqsError,
    ): Promise<readonly QueueReply[]> =>
      over(
        wire,
        () =>
          items.map((item) =>
            entryFails.next() > 0 ? { failed: "InternalError" } : toReply(apply(item)),
          ),
        (replies) =>
          replies.map((reply) => (typeof reply === "string" ? reply : reply.failed)).join(","),
      );

    const change = (wire: Wire, items: readonly VisibilityChange[]) =>
      batch(wire, items, ({ message, visibilityMs }) =>
        queue.changeVisibility(message.handle, visibilityMs),
      );

    async function receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
      const { signal } = request;
      if (signal?.aborted) return [];
      let poll: Poll | undefined;
      // The server learns of a hang-up; what it handed out until then still arrives.
      const hangUp = (): void => poll?.close();
      signal?.addEventListener("abort", hangUp, { once: true });
      try {
        const deliveries = await over(
          wires.receive,
          () => {
            poll = queue.receive({ ...request, waitMs: signal?.aborted ? 0 : request.waitMs });
            return poll.reply;
          },
          (found) => `[${found.map(({ handle }) => handle).join(" ")}]`,
        );
        return deliveries.map(toQueueMessage);
      } finally {
        signal?.removeEventListener("abort", hangUp);
      }
    }

    function deadLetter(message: QueueMessage, reason: DeadLetterReason): Promise<DeadLetterReply> {
      return over(
        wires.deadLetter,
        (): DeadLetterReply => {
          const to = queue.redrive?.to;
          if (!to) return { denied: "no redrive policy" };
          to.send({
            body: message.body,
            attributes: {
              ...message.attributes,
              deadLetter: JSON.stringify(reason),
              originalId: message.id,
            },
            ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
            dedupId: message.id,
          });
          return "copied";
        },
        (reply) => (typeof reply === "string" ? `${message.id} ${reason.code}` : "denied"),
      );
    }

    return {
      describe: async () => ({
        name: queue.name,
        fifo: queue.fifo,
        retentionMs: queue.retentionMs,
        visibilityMs: 30_000,
        ...(queue.redrive
          ? {
              deadLetter: {
                name: queue.redrive.to.name,
                maxReceiveCount: queue.redrive.maxReceiveCount,
              },
            }
          : {}),
      }),
      receive,
      extend: async (items) => {
        for (const { message } of items) {
          if (lost.has(message.handle)) onExtendedAfterLoss(message.handle);
        }
        const replies = await change(wires.extend, items);
        items.forEach(({ message }, index) => {
          if (replies[index] === "lost") lost.add(message.handle);
        });
        return replies;
      },
      retryLater: (items) => change(wires.retryLater, items),
      acknowledge: (items) => batch(wires.acknowledge, items, ({ handle }) => queue.delete(handle)),
      deadLetter,
    };
  }

  return { connect };
}

function toReply(answer: "ok" | SqsError): QueueReply {
  if (answer === "ok") return "ok";
  return answer === "InternalError" ? { failed: answer } : "lost";
}

function toQueueMessage({ message, handle, receiveCount }: Delivery): QueueMessage {
  return {
    id: message.id,
    handle,
    body: message.body,
    attributes: message.attributes,
    ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
    sentAt: EPOCH + message.sentAt,
    receiveCount,
  };
}
