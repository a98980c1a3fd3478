import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { sampleCredential, sampleForm } from "./sample-events.js";
import type { LocalStack } from "./stack.js";

export interface SubmitEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Plays the producers: `POST /forms` and `POST /credentials` put an event on the queue. The JSON
 * body, if any, replaces fields of a sample; `?raw` sends the body as it is, whatever it is.
 *
 * @param port 0 for any free one
 */
export async function startSubmitEndpoint(
  stack: Pick<LocalStack, "submitForm" | "revokeCredential">,
  port = 0,
): Promise<SubmitEndpoint> {
  const routes = [
    { path: "/forms", sample: sampleForm, submit: stack.submitForm },
    { path: "/credentials", sample: sampleCredential, submit: stack.revokeCredential },
  ];
  const app = new Hono();
  for (const { path, sample, submit } of routes) {
    app.post(path, async (context) => {
      const body = await context.req.text();
      if (context.req.query("raw") !== undefined) {
        return context.json({ messageId: await submit(body) }, 202);
      }
      const changes = objectIn(body);
      if (changes === undefined) return context.json({ error: "send a JSON object, or ?raw" }, 400);
      const event = sample(changes);
      return context.json({ messageId: await submit(event), event }, 202);
    });
  }
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function objectIn(body: string): Record<string, unknown> | undefined {
  if (body.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}
