import {
  type Consumer,
  createConsumer,
  type Pipeline,
  type TripwirePolicy,
} from "@exactly-once/core";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import type { Config } from "./config.js";
import { credentialCause } from "./credential-revoked/cause.js";
import { credentialRevokedPipeline } from "./credential-revoked/pipeline.js";
import { createMailer } from "./email/mailer.js";
import { formCause } from "./form-updated/cause.js";
import { formUpdatedPipeline } from "./form-updated/pipeline.js";
import { startHealthServer, type HealthServer } from "./health.js";
import { historyAccess } from "./history/history-access.js";
import { historyRoutes } from "./history/history-routes.js";
import { keepHistory } from "./history/keep-history.js";
import { logConsumerEvent } from "./logging/log-consumer-event.js";
import { logUserCacheEvent } from "./logging/log-user-cache-event.js";
import { describeError } from "./logging/describe-error.js";
import { notifyCallbackRoutes } from "./notify-callback-routes.js";
import type { Logger } from "./logging/logger.js";
import { queueClient } from "./queue-client.js";
import { sesEvents } from "./ses-events.js";
import { sharedState } from "./shared-state.js";
import { startTelemetry } from "./telemetry.js";
import { traineeUsers } from "./trainee-users.js";

/** What the last poll may add to the time a deployment waits for the service to stop. */
const STOP_POLLING_MS = 2_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The running notification service. */
export interface Service {
  /** Where `/health` and `/ready` answer. */
  readonly url: string;
  /**
   * Drains: takes no more messages, lets those under way end, hands the rest back. Takes at most
   * the configured time and a little more. Asking again waits for the same.
   */
  stop(): Promise<void>;
}

export interface StartingService {
  /** Resolves once messages are taken, or `stop` was called. */
  readonly started: Promise<Service>;
  stop(): Promise<void>;
}

/**
 * Starts the service. `/health` answers at once; messages are taken once the users are known. Where
 * a part can't start, the others are stopped again and `started` rejects.
 */
export function startService(config: Config, logger: Logger): StartingService {
  const state = sharedState(config, (error) => {
    logger.warn({ error: describeError(error) }, "redis");
  });
  const users = traineeUsers(config, (event) => logUserCacheEvent(logger, event), state.users);
  const mailer = createMailer(config, state.store);
  const sqs = queueClient(config);
  const { namespace } = config;
  const telemetry =
    config.otlpEndpoint === undefined
      ? undefined
      : startTelemetry(config.otlpEndpoint, namespace, (error) => {
          logger.warn({ error: describeError(error) }, "telemetry");
        });
  const keeper = keepHistory({ history: state.history, namespace, logger });

  const queueAt = (queueUrl: string) =>
    sqsQueue({ client: sqs, queueUrl, stopWithinMs: STOP_POLLING_MS });

  function consumerOf(pipeline: Pipeline, queueUrl: string): Consumer {
    const queueLogger = logger.child({ consumer: pipeline.name });
    const seen = telemetry?.of(queueUrl);
    const consumer = createConsumer({
      namespace,
      queue: queueAt(queueUrl),
      store: state.store,
      pipelines: [pipeline],
      concurrency: config.concurrency,
      visibilityMs: config.visibilityMs,
      delivery: config.delivery,
      allow: config.allow,
      ready: async () => {
        await users.cache.ready();
      },
      observe: (event) => {
        logConsumerEvent(queueLogger, event);
        keeper.onConsumerEvent(event);
        seen?.observe(event);
      },
      instrument: seen?.instrument,
      ...(config.digestSecret === undefined ? {} : { digestSecret: config.digestSecret }),
    });
    seen?.watch(consumer);
    seen?.watchUserCache(users.cache);
    return consumer;
  }

  const settings = {
    users: users.cache,
    mailer: mailer.sender,
    appUrl: config.appUrl,
    holdForMs: config.holdForMs,
    budgets: budgetsOf(config),
  };
  const consumers: Record<string, Consumer> = {
    "form-updated": consumerOf(
      keeper.follow(formUpdatedPipeline(settings), formCause),
      config.formUpdatedQueueUrl,
    ),
    "credential-revoked": consumerOf(
      keeper.follow(credentialRevokedPipeline(settings), credentialCause),
      config.credentialRevokedQueueUrl,
    ),
  };
  if (config.sender === "ses" && config.sesEventsQueueUrl !== undefined) {
    consumers["ses-events"] = sesEvents({
      namespace,
      queue: queueAt(config.sesEventsQueueUrl),
      store: state.store,
      allow: config.allow,
      logger: logger.child({ consumer: "ses-events" }),
      onEvent: keeper.onSesEvent,
    });
  }

  let health: HealthServer | undefined;
  let stopping: Promise<void> | undefined;

  async function start(): Promise<Service> {
    try {
      if (!state.durable) logger.warn("no REDIS_URL: what was sent is forgotten with this process");
      const routes = historyRoutes({ history: state.history, mayRead: historyAccess(config) });
      routes.route("/", notifyCallbackRoutes(config, state.store, logger));
      health = await startHealthServer(
        { consumers: healthOf(consumers), users: users.cache.stats },
        routes,
        config,
      );
      logger.info({ url: health.url }, "listening");
      users.cache.start();
      await Promise.all(Object.values(consumers).map((consumer) => consumer.start()));
      logger.info({ url: health.url }, "ready");
      return { url: health.url, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  function stop(): Promise<void> {
    return (stopping ??= drain());
  }

  async function drain(): Promise<void> {
    const drained = Promise.all(
      Object.values(consumers).map((consumer) => consumer.stop({ deadlineMs: config.drainMs })),
    );
    // Lookups go on while handlers end; a start that still waits for the users must not.
    const warm = users.cache.stats().state !== "cold";
    if (!warm) await users.stop();
    await drained;
    await users.stop();
    await keeper.stop();
    await health?.close();
    await telemetry?.stop();
    mailer.close();
    sqs.destroy();
    state.close();
    logger.info("stopped");
  }

  return { started: start(), stop };
}

/**
 * A doctor who gets many emails is worth a line in the log; a template that floods the pool stops the
 * pipeline, until somebody has looked and resumes it.
 */
function budgetsOf(config: Config): TripwirePolicy {
  return {
    perRecipient: { limit: config.emailsPerHourWarning, withinMs: HOUR_MS, onExceeded: "warn" },
    perTemplate: { limit: config.emailsPerMinutePause, withinMs: MINUTE_MS, onExceeded: "pause" },
  };
}

function healthOf(consumers: Readonly<Record<string, Consumer>>) {
  return Object.fromEntries(
    Object.entries(consumers).map(([name, consumer]) => [name, consumer.health]),
  );
}
