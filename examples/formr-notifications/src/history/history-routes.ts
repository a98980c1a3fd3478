import { Readable } from "node:stream";
import { Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";
import { traineeId } from "../event-fields.js";
import { auditLinesOf } from "./audit-line.js";
import type { HistoryAccess } from "./history-access.js";
import type { PagePosition, SendHistory } from "./send-history.js";

export interface HistoryRouteOptions {
  readonly history: SendHistory;
  readonly mayRead: HistoryAccess;
}

const request = z.object({
  traineeId,
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .regex(/^\d{1,16}\.[0-9a-f]{32}$/, "isn't one that a page gave")
    .transform(positionOf)
    .optional(),
});

/**
 * - `GET /trainees/:id/notifications?limit=&cursor=`: a page of a trainee's notifications, the
 *   newest first, and where the next one goes on (`next`)
 * - `GET /history.jsonl`: every email as a line for `exactly-once audit`
 */
export function historyRoutes({ history, mayRead }: HistoryRouteOptions): Hono {
  const app = new Hono();

  const guard: MiddlewareHandler = async (context, next) => {
    if (mayRead(context.req.header("authorization"))) return next();
    return context.json({ error: "set HISTORY_TOKEN, and send it: Authorization: Bearer …" }, 401);
  };

  app.get("/trainees/:id/notifications", guard, async (context) => {
    const asked = request.safeParse({ ...context.req.query(), traineeId: context.req.param("id") });
    if (!asked.success) {
      const faults = asked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      return context.json({ error: faults.join("; ") }, 400);
    }
    const { limit, cursor } = asked.data;
    const page = await history.page(asked.data.traineeId, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const { notifications, next } = page;
    return context.json({ notifications, ...(next ? { next: cursorOf(next) } : {}) });
  });

  app.get("/history.jsonl", guard, (context) => {
    // A fault on the way breaks the connection, so that half a history isn't taken for all of it.
    const lines = Readable.toWeb(Readable.from(linesOf(history))) as ReadableStream;
    return context.body(lines, 200, { "content-type": "application/jsonl; charset=utf-8" });
  });

  app.onError((_error, context) =>
    context.json({ error: "the history can't be read now; try again" }, 503),
  );
  return app;
}

async function* linesOf(history: SendHistory): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  for await (const notification of history.notifications()) {
    for (const line of auditLinesOf(notification))
      yield encoder.encode(`${JSON.stringify(line)}\n`);
  }
}

const cursorOf = ({ at, key }: PagePosition) => `${at}.${key}`;

function positionOf(cursor: string): PagePosition {
  const [at = "", key = ""] = cursor.split(".");
  return { at: Number(at), key };
}
