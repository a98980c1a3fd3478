import type { SQSClient } from "@aws-sdk/client-sqs";
import type { getSchemaSerdePlugin as plugin } from "@smithy/core/schema";

type SerdeConfig = Parameters<typeof plugin>[0];
type Protocol = SerdeConfig["protocol"];

/** As much of the SDK's middleware stack as matters here. */
interface Stack {
  add(middleware: (next: unknown, context: object) => unknown, options: object): void;
}

/** Where a context for copying keeps the request's own. */
const WHOLE = Symbol("whole context");

/**
 * The SDK's serializer copies the client's whole configuration, some 50 properties, and the request's
 * context into one object for each request, as its deserializer does for each reply, in a way that V8
 * isn't quick at. The same middleware finds three properties to copy here, and the protocol behind it gets
 * an object that inherits the configuration.
 *
 * That middleware is loaded, not imported: bundles for Lambda leave `@smithy/*` to the runtime, and what a
 * runtime has of it is not for this package to rely on.
 *
 * @returns once the client has it
 * @throws where it can't be loaded; the client works without
 */
export async function shareConfig({ config, middlewareStack }: SQSClient): Promise<void> {
  const { protocol } = config as { readonly protocol?: Protocol };
  // Older releases of the SDK have neither the protocol nor this middleware.
  if (typeof protocol?.serializeRequest !== "function") return;
  const { getSchemaSerdePlugin } = await import("@smithy/core/schema");

  function whole<Copy extends object>(copy: Copy): Copy {
    const { endpoint, [WHOLE]: context } = copy as { endpoint?: unknown; [WHOLE]?: object };
    return Object.assign(Object.create(config) as Copy, context, { endpoint });
  }

  const sharing: Pick<Protocol, "setSerdeContext" | "serializeRequest" | "deserializeResponse"> = {
    // It has had the client's since the client was made.
    setSerdeContext: () => undefined,
    serializeRequest: (operation, input, copy) =>
      protocol.serializeRequest(operation, input, whole(copy)),
    deserializeResponse: (operation, copy, response) =>
      protocol.deserializeResponse(operation, whole(copy), response),
  };
  const little = { endpoint: config.endpoint, protocol: sharing };
  const stack = middlewareStack as unknown as Stack;
  const withLittleContext: Stack = {
    add: (middleware, options) => {
      stack.add((next, context) => middleware(next, littleOf(context)), options);
    },
  };
  getSchemaSerdePlugin(little as unknown as SerdeConfig).applyToStack(
    withLittleContext as unknown as SQSClient["middlewareStack"],
  );
}

/** Reads as the context does, and has but one property of its own to be copied. */
function littleOf(context: object): object {
  return Object.assign(Object.create(context) as object, { [WHOLE]: context });
}
