import type { DedupeStore } from "@exactly-once/core";
import { notifyCallbacks } from "@exactly-once/notify-adapter";
import { Hono } from "hono";
import type { Config } from "./config.js";
import type { Logger } from "./logging/logger.js";

/** Where GOV.UK Notify tells what became of an email, if it was given a token for that. */
export function notifyCallbackRoutes(
  { notify }: Pick<Config, "notify">,
  store: Pick<DedupeStore, "settle">,
  logger: Logger,
): Hono {
  const app = new Hono();
  if (notify?.callbackToken === undefined) return app;
  const receive = notifyCallbacks({
    store,
    bearerToken: notify.callbackToken,
    observe: ({ type, ...facts }) => logger.info(facts, `notify.${type}`),
  });
  app.post("/notify/callbacks", async (context) => {
    const authorization = context.req.header("authorization");
    const answer = await receive({ authorization, body: await context.req.text() });
    return context.body(null, answer);
  });
  return app;
}
