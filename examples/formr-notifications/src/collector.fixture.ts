import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The parts of an OTLP span that are looked at. */
export interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly OtlpAttribute[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
}

/** A collector of OTLP over HTTP, as JSON. */
export interface Collector {
  readonly endpoint: string;
  /** Everything that came, as it came. */
  readonly bodies: readonly string[];
  spans(): readonly OtlpSpan[];
  metrics(): readonly OtlpMetric[];
  close(): Promise<void>;
}

/** @param habit what it does with a request: answers, answers that it won't, or never answers */
export async function startCollector(habit: "well" | "refusing" | "slow"): Promise<Collector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      bodies.push(body);
      if (habit === "slow") return;
      response.writeHead(habit === "well" ? 200 : 403, { "content-type": "application/json" });
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  type Scoped = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  const all = (resources: string, scopes: string, items: string): unknown[] =>
    bodies.flatMap((body) => {
      const sent = (JSON.parse(body) as Scoped)[resources] ?? [];
      return sent.flatMap((each) =>
        ((each as Scoped)[scopes] ?? []).flatMap((scope) => (scope as Scoped)[items] ?? []),
      );
    });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () => all("resourceSpans", "scopeSpans", "spans") as OtlpSpan[],
    metrics: () => all("resourceMetrics", "scopeMetrics", "metrics") as OtlpMetric[],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
