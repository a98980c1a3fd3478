import type { Finding } from "@exactly-once/sqs-adapter";
import type { Command } from "commander";
import {
  action,
  withAwsOptions,
  withOutputOptions,
  withStoreOptions,
  type Context,
  type Session,
} from "../cli-command.js";
import { describe } from "../doctor/describe.js";
import { neighbourDiagnoses, type Neighbour } from "../doctor/neighbours.js";
import { queueDiagnoses } from "../doctor/queue-diagnoses.js";
import { redisDiagnoses } from "../doctor/redis-diagnosis.js";
import { sesDiagnoses } from "../doctor/ses-diagnosis.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { readSettings } from "../settings.js";

interface DoctorOptions {
  readonly queue?: string;
  readonly with?: readonly string[];
}

export function addDoctor(program: Command, session: Session): void {
  const command = program
    .command("doctor")
    .summary("inspect queues, Lambda, Redis and SES before something is lost")
    .description(
      "Inspects a deployment as it is configured: each queue and its dead-letter queue, the Lambda " +
        "function behind it, Redis, SES and the way of its events. Meant for start-up and CI: it " +
        "ends with 1 if anything could lose or double messages. Each finding says what it leads to, " +
        "and the mend, as a command and as CloudFormation. What the role may not read becomes a " +
        "warning. Queues and the SES settings stand in the configuration file.",
    )
    .option("-q, --queue <name|url>", "only this queue (default: all of the configuration file)")
    .option("--with <file...>", "configuration files of other services, which must share nothing");
  withOutputOptions(withAwsOptions(withStoreOptions(command))).action(
    action(session, async (context, { queue, with: files = [] }: DoctorOptions) => {
      const neighbours = await readNeighbours(context, files);
      const diagnoses = [
        ...(await queueDiagnoses(context, queue)),
        ...(await redisDiagnoses(context)),
        ...(await sesDiagnoses(context)),
        ...neighbourDiagnoses(context.settings, neighbours),
      ];
      if (diagnoses.length === 0) {
        throw new UsageError("There is nothing to inspect: configure queues, redis.url or ses.");
      }
      const all = diagnoses.flatMap(({ subject, findings }) =>
        findings.map((finding) => ({ subject, ...finding })),
      );
      const count = (severity: Finding["severity"]) =>
        all.filter((finding) => finding.severity === severity).length;
      const [errors, warnings] = [count("error"), count("warning")];
      return {
        code: errors > 0 ? exitCodes.found : exitCodes.ok,
        json: { errors, warnings, findings: all },
        text: [
          ...diagnoses.map((diagnosis) => describe(diagnosis, context.terminal.columns)),
          `${errors} errors, ${warnings} warnings.`,
        ].join("\n\n"),
      };
    }),
  );
}

/** As they stand in their files: this service's environment isn't theirs. */
function readNeighbours({ cwd }: Context, files: readonly string[]): Promise<readonly Neighbour[]> {
  return Promise.all(
    files.map(async (file) => ({
      file,
      settings: await readSettings({ configFile: file, flags: {}, env: {}, cwd }),
    })),
  );
}
