import type { UndiciHttpHandler } from "@smithy/undici-http-handler";
import type { Agent } from "undici";

type Handler = Pick<
  UndiciHttpHandler,
  "handle" | "destroy" | "updateHttpClientConfig" | "httpHandlerConfigs"
>;

/**
 * The SDK team's handler for undici, loaded with the first request: who makes no tuned client loads no
 * undici, which takes time and becomes the dispatcher of Node's own `fetch`, and needs none in a bundle.
 */
export function lazyUndici(options: Agent.Options): Handler {
  let loading: Promise<UndiciHttpHandler> | undefined;
  let loaded: UndiciHttpHandler | undefined;

  async function load(): Promise<UndiciHttpHandler> {
    const [{ UndiciHttpHandler: Loaded }, undici] = await Promise.all([
      import("@smithy/undici-http-handler"),
      import("undici"),
    ]);
    loaded = new Loaded({ dispatcher: new undici.Agent(options) });
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
