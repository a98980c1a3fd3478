import type { Command } from "commander";
import { action, withOutputOptions, withStoreOptions, type Session } from "../cli-command.js";
import { exitCodes } from "../exit-codes.js";
import { namespaceOf, scopeText, whoIsAsking } from "../scope.js";

interface PauseOptions {
  readonly pipeline?: string;
  readonly by?: string;
  readonly why: string;
}

export function addPause(program: Command, session: Session): void {
  const command = program
    .command("pause")
    .summary("stop sending, everywhere, within 2 seconds")
    .description(
      "Stops sending, in every replica, within 2 seconds. Paused consumers stop receiving; what " +
        "they have in hand waits or goes back to the queue, and nothing is lost.",
    )
    .option("-p, --pipeline <name>", "only this pipeline (default: the whole namespace)")
    .option("--by <who>", "who pauses (default: $USER)")
    .option("--why <text>", "kept with the pause, for whoever finds it", "not given");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, options: PauseOptions) => {
      const namespace = namespaceOf(context.settings);
      const by = whoIsAsking(options.by, session.world.env);
      const { control } = await context.store();
      await control.pause(namespace, options.pipeline, { by, why: options.why });
      const json = {
        namespace,
        pipeline: options.pipeline ?? null,
        paused: true,
        by,
        why: options.why,
      };
      const text =
        `${scopeText(namespace, options.pipeline)} is paused. Consumers stop sending within 2 seconds.\n` +
        "To go on: exactly-once resume";
      return { code: exitCodes.ok, json, text };
    }),
  );
}
