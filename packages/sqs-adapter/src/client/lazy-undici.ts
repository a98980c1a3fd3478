import type { UndiciHttpHandler } from "@smithy/undici-http-handler";
import type { Agent } from "undici";

type Handler = Pick<
  UndiciHttpHandler,
  "handle" | "destroy" | "updateHttpClientConfig" | "httpHandlerConfigs"
>;

/**
 * The SDK team's handler for undici, loaded with the first request: who makes no tuned client loads no
 * undici, which takes time and becomes the dispatcher of Node's own `fetch`, and needs none in a bundle.
 *
 * undici is among the dependencies for its version's sake: the handler takes any from 7 on, and 8 needs
 * Node 22.
 */
export function lazyUndici(options: Agent.Options): Handler {
  let loading: Promise<UndiciHttpHandler> | undefined;
  let loaded: UndiciHttpHandler | undefined;

  async function load(): Promise<UndiciHttpHandler> {
    const { UndiciHttpHandler: Loaded } = await import("@smithy/undici-http-handler");
    // Of options, not of an agent, the handler makes its own anew where it is used after its end.
    return (loaded = new Loaded({ dispatcher: options }));
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
