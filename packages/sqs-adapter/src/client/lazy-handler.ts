import type { NodeHttpHandler } from "@smithy/node-http-handler";
import type { UndiciHttpHandler } from "@smithy/undici-http-handler";

type Loaded = NodeHttpHandler | UndiciHttpHandler;

type Handler = Pick<
  UndiciHttpHandler,
  "handle" | "destroy" | "updateHttpClientConfig" | "httpHandlerConfigs"
>;

/** Limits of a handler's connections and requests. */
export interface HandlerLimits {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly connections: number;
}

/**
 * The SDK team's own handler for undici, loaded with the first request: who makes no tuned client loads no
 * undici, which takes time and becomes the dispatcher of Node's own `fetch`, and needs none in a bundle.
 * Where a bundle left it out, as one does that takes `@smithy/*` for the runtime's, the handler that every
 * SDK brings does the same at a higher price.
 *
 * undici is among the dependencies for its version's sake: the handler takes any from 7 on, and 8 needs
 * Node 22.
 */
export function lazyHandler(limits: HandlerLimits): Handler {
  let loading: Promise<Loaded> | undefined;
  let loaded: Loaded | undefined;

  async function load(): Promise<Loaded> {
    loaded = await loadUndici(limits).catch((error: unknown) => {
      if (isMissingModule(error)) return loadNodeHandler(limits);
      throw error;
    });
    return loaded;
  }

  return {
    handle: async (request, handlerOptions) =>
      (loaded ?? (await (loading ??= load()))).handle(request, handlerOptions),
    destroy: () => {
      // One that is still being loaded has sent nothing yet.
      loading?.then(
        (handler) => {
          handler.destroy();
        },
        () => undefined,
      );
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

async function loadUndici(limits: HandlerLimits): Promise<UndiciHttpHandler> {
  const { UndiciHttpHandler: Undici } = await import("@smithy/undici-http-handler");
  // Of options, not of an agent, the handler makes its own anew where it is used after its end.
  return new Undici({
    dispatcher: {
      connect: { timeout: limits.connectionTimeout },
      headersTimeout: limits.requestTimeout,
      bodyTimeout: limits.socketTimeout,
      connections: limits.connections,
    },
  });
}

async function loadNodeHandler(limits: HandlerLimits): Promise<NodeHttpHandler> {
  const { NodeHttpHandler: Node } = await import("@smithy/node-http-handler");
  const { connections: maxSockets, ...timeouts } = limits;
  return new Node({
    ...timeouts,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
  });
}

/** An import's code and a bundle's `require`'s. */
function isMissingModule(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
