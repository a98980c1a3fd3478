import { readConfig, type Config } from "./config.js";
import { describeError } from "./logging/describe-error.js";
import { createLogger } from "./logging/logger.js";
import { onTermination } from "./on-termination.js";
import { startService } from "./service.js";

const config = configOrExit();
const logger = createLogger(config.logLevel);
const service = startService(config, logger);
onTermination(service.stop, { logger, deadlineMs: config.drainMs + 5_000 });
try {
  await service.started;
} catch (error) {
  logger.fatal({ error: describeError(error) }, "could not start");
  process.exitCode = 1;
}

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
