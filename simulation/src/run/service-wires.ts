import type { ConsumerEvent } from "@exactly-once/core";
import type { AttemptStart } from "@exactly-once/core/ports";
import type { Life } from "../kernel/host.js";
import { processOracle, type ProcessOracle } from "../oracles/process.js";
import { providerOracle } from "../oracles/provider.js";
import { mailWires, type MailWires } from "../ports/mailer.js";
import { notifyMailWires } from "../ports/notify-mailer.js";
import { queueWires } from "../ports/queue-client.js";
import { sesMailWires } from "../ports/ses-mailer.js";
import { OTHER_PIPELINE, PIPELINE } from "../scenarios/events.js";
import { connectedStore } from "./connected-store.js";
import type { ServiceParts } from "../scenarios/service.js";
import {
  ATTEMPT_TIMEOUT_MS,
  SIGNATURE_MS,
  VALIDITY_MS,
  type ScenarioSettings,
} from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import type { ServiceWorld } from "./service-world.js";

/** What the service's processes said of themselves. */
export interface Told {
  held: number;
  suppressed: number;
}

export function createTold(): Told {
  return { held: 0, suppressed: 0 };
}

export interface ServiceWiresOptions {
  /** The process's. */
  readonly name: string;
  readonly told: Told;
  readonly onAsked?: (start: AttemptStart) => void;
  readonly onExtendedAfterLoss?: (handle: string) => void;
}

/** One life of a process, and the oracle of its conduct. */
export interface ConnectedProcess {
  readonly parts: ServiceParts;
  readonly conduct: ProcessOracle;
}

/** The wires of one of the service's processes to everything outside of it. */
export interface ServiceWires {
  connect(life: Life): ConnectedProcess;
}

export function serviceWires(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
  options: ServiceWiresOptions,
): ServiceWires {
  const { kernel, trace, report, decisions } = basis;
  const { name, told, onAsked, onExtendedAfterLoss } = options;
  const { services, ledger } = world;

  function observe(event: ConsumerEvent): void {
    if (event.type === "held") told.held += 1;
    else if (event.type === "sendSuppressed" || event.type === "duplicateSuppressed") {
      told.suppressed += 1;
    } else if (event.type === "internalError") report("no internal error", String(event.error));
    if (basis.story) trace.add(kernel.now, name, `* ${tellEvent(event)}`);
  }

  const onTry = (messageId: string): void => {
    ledger.tries.set(messageId, (ledger.tries.get(messageId) ?? 0) + 1);
  };

  const store = connectedStore(name, services.store, world, {
    ...(onAsked === undefined ? {} : { onAsked }),
    onGranted: (id) => ledger.heard.add(id),
  });
  const queue = queueWires(name, services.sqs, world.main, decisions, onExtendedAfterLoss);
  const mailer = mailWiresOf(basis, settings, world, name);
  const otherMailer = settings.twoPipelines
    ? mailWires(
        name,
        services.post,
        { ...world.ses, send: world.ses.post },
        {
          ...{ attemptTimeoutMs: ATTEMPT_TIMEOUT_MS, validityMs: VALIDITY_MS },
          pausePoint: () => Promise.resolve(),
        },
      )
    : undefined;
  const pipelineOf = (messageId: string): string =>
    ledger.produced.get(messageId)?.kind === "other" ? OTHER_PIPELINE : PIPELINE;
  const isFirst = (messageId: string): boolean => pipelineOf(messageId) === PIPELINE;
  const conductOptions = {
    now: () => kernel.now,
    onLeased: world.queueRules.onLeased,
    pipelineOf,
    wasUnreadable: world.store.wasUnreadable,
    storeTimeoutMs: services.store.timeoutMs,
    isSandbox: settings.lambda !== undefined,
  };
  const directory = services.directory.wire(name, "lookUp");
  const storage = services.directory.wire(name, "fetch");
  return {
    connect: (life) => {
      const conduct = processOracle(life, conductOptions, report);
      const watched = conduct.watch({
        ...{ ...settings, life, directory, storage, observe, onTry },
        queue: queue.connect(life),
        store: store.connect(life),
        mailer: mailer.connect(life, conduct),
        ...(otherMailer ? { otherMailer: otherMailer.connect(life, conduct) } : {}),
      });
      return { parts: providerOracle(life, isFirst, report).watch(watched), conduct };
    },
  };
}

/** SES by its adapter's own mailer; services that are set up otherwise have another provider. */
function mailWiresOf(
  { network, decisions }: RunBasis,
  { variation, quiet }: ScenarioSettings,
  { services, ses }: ServiceWorld,
  name: string,
): MailWires {
  const common = {
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    pausePoint: quiet ? () => Promise.resolve() : network.pausePoint(name, "beforeSigning"),
  };
  if (variation === undefined) {
    return sesMailWires(name, services.ses, ses, {
      ...common,
      signatureMs: SIGNATURE_MS,
      maxClockSkewMs: VALIDITY_MS - SIGNATURE_MS,
      keepsRate: decisions.property("keepsRate") < 0.7,
    });
  }
  const settings = { ...common, validityMs: VALIDITY_MS };
  const { provider } = variation;
  if (provider === "asked") return notifyMailWires(name, services.ses, ses, settings);
  return mailWires(name, services.ses, ses, {
    ...settings,
    habits: {
      provider,
      full: decisions.site(`${name}.mailer`, "full", "mailer.full", 0.2),
      throwing: decisions.property("throwing") < 0.5,
    },
  });
}

function tellEvent(event: { readonly type: string }): string {
  const told = Object.entries(event).filter(
    ([name, value]) =>
      name !== "at" && name !== "type" && ["string", "number"].includes(typeof value),
  );
  return `${event.type} ${told.map(([name, value]) => `${name}=${String(value)}`).join(" ")}`;
}
