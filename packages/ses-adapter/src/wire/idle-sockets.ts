/** SES's side closes an idle connection at a time of its own; ours goes first, ms. */
export const idleSocketMs = 4_000;

interface PoolingAgent {
  readonly freeSockets?: Readonly<Record<string, readonly { destroy(): void }[] | undefined>>;
}

/**
 * Closes the kept sockets that no request uses.
 *
 * A request on a socket that the other side has just closed ends in a reset, and nobody knows then
 * whether it was taken. The agent of a safe client closes idle ones by its timer; a frozen process
 * has no timers, and wakes with sockets that look fresh.
 *
 * `freeSockets` is Node's own, documented, of its HTTP agents; another kind of handler has none.
 */
export function closeIdleSockets(requestHandler: object): void {
  const { httpHandlerConfigs } = requestHandler as {
    httpHandlerConfigs?: () => Readonly<Record<string, unknown>>;
  };
  const settings = httpHandlerConfigs?.call(requestHandler) ?? {};
  for (const agent of [settings["httpAgent"], settings["httpsAgent"]]) {
    const { freeSockets = {} } = Object(agent) as PoolingAgent;
    for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) {
      socket.destroy();
    }
  }
}
