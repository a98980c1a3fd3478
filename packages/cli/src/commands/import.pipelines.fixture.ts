import { definePipeline, type Sender } from "@exactly-once/core";
import { z } from "zod";

const mailer: Sender<string, string> = {
  prepare: (text) => Promise.resolve(text),
  send: () => Promise.resolve({ status: "unknown", reason: "an import sends nothing" }),
};

/** As a service's module exports it. */
export const formUpdated = definePipeline({
  name: "form-updated",
  schema: z.object({ id: z.string() }),
  key: ({ id }) => [id],
  effects: { email: mailer },
  handler: async ({ id }, context) => {
    await context.once("email", id);
  },
});
