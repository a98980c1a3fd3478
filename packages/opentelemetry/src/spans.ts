import type { ConsumerEvent, Instrumentation } from "@exactly-once/core";
import {
  type Attributes,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { bounded, effectName } from "./bounded.js";
import * as names from "./semantic-conventions.js";

/** The spans of one consumer: what is around its messages and attempts, and what they learn from events. */
export interface Spans extends Instrumentation {
  observe(event: ConsumerEvent): void;
}

/** What a span learns from an event of its message. Each bears ids, digests, counts and words. */
function told(event: ConsumerEvent): Attributes | undefined {
  switch (event.type) {
    case "sendSuppressed":
      return { [names.EFFECT]: effectName(event.effect) };
    case "duplicateProven":
      return { [names.ATTEMPT_ID]: event.attemptId };
    case "leaseLost":
      return { [names.REASON]: event.reason };
    case "tripwire":
      return { [names.KIND]: event.kind, [names.ACTION]: event.action };
    case "duplicateSuppressed":
    case "redeliveredWhileRunning":
      return {};
    default:
      return undefined;
  }
}

/**
 * A span for each turn of a message, linked to its producer's context where the message carries one, and
 * within it one for each attempt. Each is active while its code runs, so that what the handler and the sender
 * call nests in it.
 */
export function createSpans(tracer: Tracer, queue: string): Spans {
  /** Spans that are open, by message id: a message has one turn at a time. */
  const open = new Map<string, Span>();
  const reasonOf = bounded();

  return {
    turn: (message, run) => {
      const span = tracer.startSpan(`${names.PROCESS} ${queue}`, {
        kind: SpanKind.CONSUMER,
        root: true,
        links: linksTo(message.attributes),
        attributes: {
          [names.MESSAGING_SYSTEM]: names.AWS_SQS,
          [names.MESSAGING_OPERATION_NAME]: names.PROCESS,
          [names.MESSAGING_OPERATION_TYPE]: names.PROCESS,
          [names.MESSAGING_DESTINATION_NAME]: queue,
          [names.MESSAGING_MESSAGE_ID]: message.id,
          [names.RECEIVE_COUNT]: message.receiveCount,
        },
      });
      open.set(message.id, span);
      return context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
        try {
          const { kind } = await run();
          span.setAttribute(names.DISPOSITION, kind);
          if (kind !== "acknowledge") span.setStatus({ code: SpanStatusCode.ERROR });
        } finally {
          if (open.get(message.id) === span) open.delete(message.id);
          span.end();
        }
      });
    },
    attempt: ({ id, pipeline, effect }, run) => {
      const span = tracer.startSpan(`send ${effect}`, {
        kind: SpanKind.CLIENT,
        attributes: {
          [names.ATTEMPT_ID]: id,
          [names.PIPELINE]: pipeline,
          [names.EFFECT]: effect,
        },
      });
      return context.with(trace.setSpan(context.active(), span), async () => {
        try {
          const outcome = await run();
          span.setAttribute(names.OUTCOME, outcome.status);
          if (outcome.status === "accepted") return;
          span.setAttribute(names.ERROR_TYPE, reasonOf(outcome.reason));
          span.setStatus({ code: SpanStatusCode.ERROR });
        } catch (error) {
          // Unknown, or not sent. Its text could tell an address.
          span.setAttribute(names.ERROR_TYPE, reasonOf(nameOf(error)));
          span.setStatus({ code: SpanStatusCode.ERROR });
        } finally {
          span.end();
        }
      });
    },
    observe: (event) => {
      if (!("messageId" in event) || event.messageId === undefined) return;
      const span = open.get(event.messageId);
      if (!span) return;
      if (event.type === "claimed") {
        span.setAttributes({
          ...(event.pipeline === undefined ? {} : { [names.PIPELINE]: event.pipeline }),
          ...(event.key === undefined ? {} : { [names.KEY]: event.key }),
          [names.FENCE]: event.fence,
        });
      }
      const attributes = told(event);
      if (attributes) span.addEvent(`exactly_once.${event.type}`, attributes);
    },
  };
}

/** The producer's context, by whatever propagator the process has set. A message may well carry none. */
function linksTo(attributes: Readonly<Record<string, string>>): Link[] {
  const producer = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, attributes));
  return producer && trace.isSpanContextValid(producer) ? [{ context: producer }] : [];
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "Error";
}
