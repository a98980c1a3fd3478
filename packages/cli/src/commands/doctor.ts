import { QueueUnavailableError, StoreUnavailableError } from "@exactly-once/core";
import { inspectQueue, type Finding } from "@exactly-once/sqs-adapter";
import type { Command } from "commander";
import {
  action,
  withAwsOptions,
  withOutputOptions,
  withStoreOptions,
  type Context,
  type Session,
} from "../cli-command.js";
import { UsageError } from "../errors/usage-error.js";
import { exitCodes } from "../exit-codes.js";
import { facts } from "../layout.js";
import { chosenQueue } from "../queues.js";
import { inspectSes } from "../ses-findings.js";

interface DoctorOptions {
  readonly queue?: string;
}

interface Diagnosis {
  readonly subject: string;
  readonly findings: readonly Finding[];
}

export function addDoctor(program: Command, session: Session): void {
  const command = program
    .command("doctor")
    .summary("inspect queues, Redis and SES before something is lost")
    .description(
      "Inspects a deployment as it is configured: each queue and its dead-letter queue, Redis, and " +
        "SES. Meant for start-up and CI: it ends with 1 if anything could lose or double messages. " +
        "What the role may not read becomes a warning. Queues and the SES settings stand in the " +
        "configuration file.",
    )
    .option("-q, --queue <name|url>", "only this queue (default: all of the configuration file)");
  withOutputOptions(withAwsOptions(withStoreOptions(command))).action(
    action(session, async (context, { queue }: DoctorOptions) => {
      const diagnoses = [
        ...(await queueDiagnoses(context, queue)),
        ...(await redisDiagnoses(context)),
        ...(await sesDiagnoses(context)),
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

async function queueDiagnoses(
  context: Context,
  only: string | undefined,
): Promise<readonly Diagnosis[]> {
  const { queues, doneRetentionMs } = context.settings;
  const chosen =
    only === undefined
      ? Object.entries(queues)
      : [[only, chosenQueue(context.settings, only)] as const];
  const diagnoses: Diagnosis[] = [];
  for (const [name, { url, maxProcessingMs, holdForMs, maxReceives }] of chosen) {
    const client = await context.sqs();
    const findings = await reached("queue-unavailable", () =>
      inspectQueue({
        ...{ client, queueUrl: url, maxProcessingMs, doneRetentionMs },
        ...(holdForMs === undefined ? {} : { holdForMs }),
        ...(maxReceives === undefined ? {} : { ownReceiveLimit: maxReceives }),
      }),
    );
    diagnoses.push({ subject: `queue ${name}`, findings });
  }
  return diagnoses;
}

async function redisDiagnoses(context: Context): Promise<readonly Diagnosis[]> {
  if (context.settings.redis.url === undefined) return [];
  const store = await context.store();
  const findings = await reached("redis-unavailable", async () => {
    const { nodes, findings: wrong } = await store.inspect();
    const judged = wrong.map(({ code, severity, address, text }) => ({
      ...{ severity, code: `redis-${code.toLowerCase().replaceAll("_", "-")}` },
      message: `${address}: ${text}`,
    }));
    const fine = nodes
      .filter(({ address }) => !wrong.some((one) => one.address === address))
      .map(({ address, server, version }) => ({
        severity: "ok" as const,
        code: "redis",
        message: `${address}: ${server} ${version}`,
      }));
    return [...judged, ...fine];
  });
  return [{ subject: "redis", findings }];
}

async function sesDiagnoses(context: Context): Promise<readonly Diagnosis[]> {
  const { ses } = context.settings;
  if (ses.from === undefined && ses.configurationSet === undefined) return [];
  return [{ subject: "ses", findings: await inspectSes(await context.ses(), ses) }];
}

/** One service that can't be reached is a finding; the others are inspected all the same. */
async function reached(
  code: string,
  inspect: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await inspect();
  } catch (fault) {
    if (!(fault instanceof QueueUnavailableError) && !(fault instanceof StoreUnavailableError))
      throw fault;
    return [{ severity: "error", code, message: fault.message }];
  }
}

function describe({ subject, findings }: Diagnosis, columns: number): string {
  const marks = { ok: "ok", warning: "WARNING", error: "ERROR" } as const;
  const lines = findings.map(
    ({ severity, code, message }) => [marks[severity], `${message} (${code})`] as const,
  );
  return `${subject}\n${facts(lines, columns - 2).replace(/^/gm, "  ")}`;
}
