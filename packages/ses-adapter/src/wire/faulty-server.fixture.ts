import {
  createFaultyServer,
  httpAnswer as answerOf,
  type FaultyServer,
  type FaultyServerOptions,
} from "@exactly-once/core/testing";

export type { FaultyServerOptions };

/** Starts faulty servers that end with the test. */
export const faultyServer =
  (onTestFinished: (clean: () => void) => void) =>
  async (options: FaultyServerOptions): Promise<FaultyServer> => {
    const server = await createFaultyServer(options);
    onTestFinished(() => server.close());
    return server;
  };

/** An answer of a server that knows what time it is, as SES does. */
export const httpAnswer: typeof answerOf = (status, body, headers = {}) =>
  answerOf(status, body, { date: new Date().toUTCString(), ...headers });
