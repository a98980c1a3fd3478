import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { listUsers } from "./cognito-list-users.js";
import { createLocalPool, type LocalCognitoUser, type LocalPoolOptions } from "./cognito-pool.js";

/** What the next calls meet. `drop` closes the connection instead of answering. */
export type LocalCognitoFault = "throttle" | "error" | "drop" | "hang";

export interface LocalCognitoSettings {
  /** Milliseconds until a page is answered. Default 0. */
  readonly pageLatencyMs: number;
  /** Calls a second beyond which AWS says TooManyRequestsException; 0 for no limit. Default 0. */
  readonly maxCallsPerSecond: number;
}

export interface LocalCognitoOptions extends LocalPoolOptions, Partial<LocalCognitoSettings> {
  /** Default `eu-west-2_local`. */
  readonly userPoolId?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Users beside the generated ones, at the end of the pool. */
  readonly extraUsers?: readonly LocalCognitoUser[];
}

export interface LocalCognitoCounts {
  /** `ListUsers` calls of every kind. */
  readonly calls: number;
  /** Of these, refused for going too fast. */
  readonly throttled: number;
  /** Calls that began at the first page without a filter. */
  readonly walks: number;
  /** Answers that were the last page of a walk. */
  readonly walksCompleted: number;
  /** Calls with a filter. */
  readonly searches: number;
}

/**
 * A Cognito user pool that listens on loopback and speaks the AWS JSON 1.1 protocol for
 * `ListUsers`. Other processes steer it over HTTP:
 *
 * - `GET /_local/counts` → {@link LocalCognitoCounts}; `DELETE /_local/counts` sets them to 0
 * - `PATCH /_local/settings` with any of {@link LocalCognitoSettings} and `users`
 * - `POST /_local/users` with `LocalCognitoUser[]`
 * - `POST /_local/faults` with `{ fault, calls }`: the next `calls` calls meet it
 */
export interface LocalCognito {
  readonly endpoint: string;
  readonly userPoolId: string;
  counts(): LocalCognitoCounts;
  resetCounts(): void;
  configure(settings: Partial<LocalCognitoSettings> & { readonly users?: number }): void;
  addUsers(users: readonly LocalCognitoUser[]): void;
  failNext(fault: LocalCognitoFault, calls?: number): void;
  close(): Promise<void>;
}

const settingsRequest = z.strictObject({
  pageLatencyMs: z.number().min(0).optional(),
  maxCallsPerSecond: z.number().min(0).optional(),
  users: z.number().int().min(0).optional(),
});
const usersRequest = z.array(
  z.object({ username: z.string(), attributes: z.record(z.string(), z.string()) }),
);
const faultsRequest = z.object({
  fault: z.enum(["throttle", "error", "drop", "hang"]),
  calls: z.number().int().min(1).default(1),
});
const LOOK_EVERY_MS = 20;
const NO_COUNTS = { calls: 0, throttled: 0, walks: 0, walksCompleted: 0, searches: 0 };

/** Starts a local Cognito. The port is bound to 127.0.0.1. */
export async function createLocalCognito(options: LocalCognitoOptions): Promise<LocalCognito> {
  const { userPoolId = "eu-west-2_local" } = options;
  const pool = createLocalPool(options);
  pool.add(options.extraUsers ?? []);
  let settings: LocalCognitoSettings = {
    pageLatencyMs: options.pageLatencyMs ?? 0,
    maxCallsPerSecond: options.maxCallsPerSecond ?? 0,
  };
  let counts = { ...NO_COUNTS };
  let faults: LocalCognitoFault[] = [];
  let allowance = { calls: settings.maxCallsPerSecond, at: performance.now() };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      reply(response, 400, { message: error instanceof Error ? error.message : String(error) });
    });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    if (request.url?.startsWith("/_local/")) {
      return reply(response, 200, steer(`${request.method} ${request.url}`, body));
    }
    const target = request.headers["x-amz-target"];
    if (target !== "AWSCognitoIdentityProviderService.ListUsers") {
      return fail(response, "UnknownOperationException", `not here: ${String(target)}`);
    }
    await answerListUsers(JSON.parse(body), response);
  }

  async function answerListUsers(input: unknown, response: ServerResponse): Promise<void> {
    counts.calls += 1;
    const fault = faults.shift();
    if (fault === "hang") return;
    if (fault === "drop") return void response.destroy();
    if (fault === "throttle" || isTooFast()) {
      counts.throttled += 1;
      return fail(response, "TooManyRequestsException", "Rate exceeded");
    }
    await latency();
    if (fault === "error") return fail(response, "InternalErrorException", "injected", 500);
    const { Filter, PaginationToken } = input as Record<string, unknown>;
    if (Filter) counts.searches += 1;
    else if (!PaginationToken) counts.walks += 1;
    const result = listUsers(pool, userPoolId, input);
    if ("error" in result) return fail(response, result.error, result.message);
    if (!Filter && result.last) counts.walksCompleted += 1;
    reply(response, 200, result.body);
  }

  /** Ends earlier where it is set lower meanwhile. */
  async function latency(): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const leftMs = settings.pageLatencyMs - (performance.now() - startedAt);
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, LOOK_EVERY_MS));
    }
  }

  /** A bucket that holds one second's worth of calls. */
  function isTooFast(): boolean {
    const { maxCallsPerSecond } = settings;
    if (maxCallsPerSecond === 0) return false;
    const now = performance.now();
    const gained = ((now - allowance.at) / 1_000) * maxCallsPerSecond;
    allowance = { calls: Math.min(maxCallsPerSecond, allowance.calls + gained), at: now };
    if (allowance.calls < 1) return true;
    allowance.calls -= 1;
    return false;
  }

  function steer(what: string, body: string): unknown {
    switch (what) {
      case "GET /_local/counts":
        return counts;
      case "DELETE /_local/counts":
        return (counts = { ...NO_COUNTS });
      case "PATCH /_local/settings": {
        const { users, pageLatencyMs, maxCallsPerSecond } = settingsRequest.parse(JSON.parse(body));
        configure({
          ...(users !== undefined && { users }),
          ...(pageLatencyMs !== undefined && { pageLatencyMs }),
          ...(maxCallsPerSecond !== undefined && { maxCallsPerSecond }),
        });
        return settings;
      }
      case "POST /_local/users":
        pool.add(usersRequest.parse(JSON.parse(body)));
        return { users: pool.size };
      case "POST /_local/faults": {
        const { fault, calls } = faultsRequest.parse(JSON.parse(body));
        failNext(fault, calls);
        return { pending: faults.length };
      }
      default:
        throw new Error(`nothing to do for ${what}`);
    }
  }

  function configure(change: Partial<LocalCognitoSettings> & { readonly users?: number }): void {
    const { users, ...rest } = change;
    settings = { ...settings, ...rest };
    allowance.calls = settings.maxCallsPerSecond;
    if (users !== undefined) pool.resize(users);
  }

  function failNext(fault: LocalCognitoFault, calls = 1): void {
    faults = [...faults, ...Array.from({ length: calls }, () => fault)];
  }

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    userPoolId,
    counts: () => ({ ...counts }),
    resetCounts() {
      counts = { ...NO_COUNTS };
    },
    configure,
    addUsers: (users) => pool.add(users),
    failNext,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": randomUUID(),
  });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, type: string, message: string, status = 400): void {
  reply(response, status, { __type: type, message });
}
