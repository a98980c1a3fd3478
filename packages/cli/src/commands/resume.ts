import type { Command } from "commander";
import { action, withOutputOptions, withStoreOptions, type Session } from "../cli-command.js";
import { exitCodes } from "../exit-codes.js";
import { namespaceOf, scopeText } from "../scope.js";

interface ResumeOptions {
  readonly pipeline?: string;
}

export function addResume(program: Command, session: Session): void {
  const command = program
    .command("resume")
    .summary("go on after a pause")
    .description("Ends a pause. A pause of the namespace and one of a pipeline end separately.")
    .option("-p, --pipeline <name>", "only this pipeline's pause (default: the namespace's)");
  withOutputOptions(withStoreOptions(command)).action(
    action(session, async (context, { pipeline }: ResumeOptions) => {
      const namespace = namespaceOf(context.settings);
      const { control } = await context.store();
      const before = await control.status(namespace);
      const was = pipeline === undefined ? before.namespace : before.pipelines[pipeline];
      await control.resume(namespace, pipeline);
      const after = await control.status(namespace);
      const pipelines = Object.keys(after.pipelines);
      const still = after.namespace ? [`namespace ${namespace}`] : [];
      still.push(...pipelines.map((name) => `pipeline ${name}`));
      const first = was
        ? `${scopeText(namespace, pipeline)} goes on within 2 seconds.`
        : `${scopeText(namespace, pipeline)} was not paused.`;
      const text = still.length === 0 ? first : `${first}\nStill paused: ${still.join(", ")}.`;
      const json = {
        namespace,
        pipeline: pipeline ?? null,
        paused: false,
        wasPaused: was !== undefined,
        stillPaused: { namespace: after.namespace !== undefined, pipelines },
      };
      return { code: exitCodes.ok, json, text };
    }),
  );
}
