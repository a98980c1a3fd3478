import { memorySharedSnapshot, type UserCache } from "@exactly-once/core/user-cache";
import { createHost, EPOCH, type Host } from "../kernel/host.js";
import { userCacheOracle } from "../oracles/user-cache.js";
import { directoryWires } from "../ports/directory.js";
import { snapshotWires } from "../ports/shared-snapshot.js";
import { NO_COUNTS, type RunCounts } from "./counts.js";
import {
  LISTING_DELAY_MS,
  lookUp,
  lookUpForEver,
  startUserCache,
  type LookupParts,
} from "../actors/lookups.js";
import { directoryWorld, type Account, type DirectoryWorld } from "../worlds/directory.js";
import type { RunBasis } from "./basis.js";
import { ARRIVED_MS } from "./shut-down.js";

interface Replica {
  readonly host: Host;
  /** Of the host's present life. */
  parts: LookupParts;
  cache: UserCache<Account>;
}

const CALM_AT_MS = 150_000;
/** By then every replica has a good snapshot again: an attempt of every kind has had its turn. */
const WELL_WITHIN_MS = 10 * 60_000;

/** One run of replicas that keep a directory's users in their caches and share the snapshot. */
export async function runUserCaches(basis: RunBasis): Promise<RunCounts> {
  const { kernel, decisions, network, report, run, site, violations } = basis;
  const directory = directoryWorld({
    kernel,
    size: decisions.pick("accounts", [5, 20, 40]),
    faults: {
      tokenExpired: site("directory", "tokenExpired", 0.1),
      throttled: site("directory", "throttled", 0.2),
      endsEarly: site("directory", "endsEarly", 0.1),
    },
  });
  const rules = userCacheOracle(directory, LISTING_DELAY_MS, () => kernel.now, report);
  let lookups = 0;
  const counted = {
    ...rules,
    onAnswer: (answered: Parameters<typeof rules.onAnswer>[0]) => {
      lookups += 1;
      rules.onAnswer(answered);
    },
  };
  const replicas = startReplicas(basis, directory, counted);
  changePeople(basis, directory);

  await run(CALM_AT_MS);
  decisions.calm();
  network.heal();
  if (violations.length === 0) await judgeWell();
  if (violations.length === 0) await stopAll();
  return { ...NO_COUNTS, lookups };

  /** Without faults everybody knows everybody, as of now. */
  async function judgeWell(): Promise<void> {
    const until = kernel.now + WELL_WITHIN_MS;
    const freshAfter = EPOCH + kernel.now;
    for (const replica of replicas) {
      let known = 0;
      const ask = async (): Promise<void> => {
        for (const person of directory.persons) {
          while (!(await lookUp(replica.parts, replica.cache, person, freshAfter))) {
            await replica.parts.life.clock.sleep(1_000);
          }
          known += 1;
        }
      };
      // A process that is down still comes back first.
      await run(until, () => replica.host.up);
      // Where more than half have left, a walk isn't believed until somebody says that it's right.
      replica.cache.refresh({ acceptShrink: true });
      void ask();
      await run(until, () => known === directory.persons.length);
      if (known < directory.persons.length && violations.length === 0) {
        report("every cache gets well", `${replica.host.name} knows ${known} people`);
      }
    }
  }

  async function stopAll(): Promise<void> {
    let stopped = 0;
    for (const { host, cache } of replicas) {
      void cache.stop().then(() => {
        stopped += 1;
        host.exit();
      });
    }
    await run(kernel.now + ARRIVED_MS, () => stopped === replicas.length);
    if (stopped < replicas.length) report("stops", `${replicas.length - stopped} caches didn't`);
  }
}

function startReplicas(
  { kernel, network, site, decisions, seed }: RunBasis,
  directory: DirectoryWorld,
  rules: LookupParts["rules"],
): readonly Replica[] {
  const leg = { timeoutMs: 2_000, maxDelayMs: 12_000, resends: true };
  const pool = network.service({ name: "directory", latencyMs: 60, rate: 0.15, ...leg });
  const backend = network.service({ name: "snapshots", latencyMs: 2, rate: 0.08, ...leg });
  const clock = {
    now: () => EPOCH + kernel.now,
    monotonic: () => kernel.now,
    sleep: () => Promise.resolve(),
  };
  const server = memorySharedSnapshot({ clock, graceMs: 1_000 });
  const isShared = decisions.property("shared") < 0.9;
  const finds = decisions.property("finds") < 0.5;
  const isUpgrade = decisions.property("upgrade") < 0.2;

  return Array.from({ length: decisions.pick("replicas", [1, 2, 3]) }, (_, index): Replica => {
    const name = "abc".charAt(index);
    const host = createHost(kernel, { name, seed, onLifeEnd: rules.onCrash });
    const source = directoryWires(name, pool, directory, {
      endsEarly: site("directory", "endsEarly", 0.1),
      onPage: () => rules.onPage(host),
      finds,
    });
    const habits = {
      flat: decisions.property(isUpgrade ? `flat ${name}` : "flat") < 0.5,
      patient: decisions.property(`patient ${name}`) < 0.5,
    };
    const shared = snapshotWires(
      name,
      backend,
      server,
      site("snapshots", "evicted", 0.3),
      rules.onLease,
    );
    const replica: Partial<Replica> & { readonly host: Host } = { host };
    host.start((life) => {
      const parts: LookupParts = {
        ...{ life, kernel, directory, rules, habits },
        source: source.connect(life),
        shared: isShared ? shared.connect(life) : undefined,
      };
      const cache = startUserCache(parts);
      Object.assign(replica, { parts, cache });
      void lookUpForEver(parts, cache);
    });
    return replica as Replica;
  });
}

/** People come, move and go while their directory is walked. */
function changePeople({ kernel, decisions }: RunBasis, directory: DirectoryWorld): void {
  const changes = decisions.pick("changes", [0, 5, 20]);
  for (let change = 0; change < changes; change += 1) {
    const at = decisions.property(`when change ${change}`) * CALM_AT_MS;
    const which = decisions.property(`who changes ${change}`);
    kernel.schedule(at, () => {
      const index = Math.floor(which * directory.persons.length);
      decisions.pick(`what changes ${change}`, [directory.add, directory.change, directory.remove])(
        index,
      );
    });
  }
}
