import { describeError } from "./logging/describe-error.js";
import type { Logger } from "./logging/logger.js";

/**
 * Stops the service on SIGTERM or Ctrl-C, and ends the process once it has stopped: with 0 when it
 * drained, with 1 when it didn't within the deadline or a second signal came.
 */
export function onTermination(
  stop: () => Promise<void>,
  { logger, deadlineMs }: { readonly logger: Logger; readonly deadlineMs: number },
): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) {
      logger.warn({ signal }, "asked to stop twice: leaving the rest to redelivery");
      process.exit(1);
    }
    asked = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => {
      logger.error("not drained in time: leaving the rest to redelivery");
      process.exit(1);
    }, deadlineMs).unref();
    stop().then(
      () => process.exit(),
      (error: unknown) => {
        logger.error({ error: describeError(error) }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
