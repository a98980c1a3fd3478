import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";

import type { CasAnswer, CasCell, CasPort, CasWrite } from "../cas-store/cas-port.js";

/** One fresh database (or a part of one that nobody else uses), empty. */
export interface CasPortFixture {
  readonly port: CasPort;
  /** Another client of the same data, as another replica of the service would have. */
  another(): Promise<CasPort>;
  /** Lets time pass for the database: moves its clock, or waits. */
  elapse(ms: number): Promise<void>;
  /** The database's clock now, ms since the epoch: what is past its time by it may be deleted. */
  now(): Promise<number>;
  /**
   * Deletes what is past its time, as the database would sooner or later. Where the port has
   * `deleteExpired`, the suite calls that instead.
   */
  deleteExpired?(): Promise<void>;
  /** Makes the database unreachable until the function it answers is called. */
  outage?(): Promise<() => Promise<void>>;
  /** Called at the end of each test. */
  close?(): Promise<void>;
}

/** What a row of the suite has at hand. */
export interface PortTools {
  readonly fixture: CasPortFixture;
  readonly port: CasPort;
  readonly unitMs: number;
  readonly signal: AbortSignal;
  /** A write with a fresh revision, of a name that has to be absent unless `expected` says otherwise. */
  item(name: string, over?: Partial<CasWrite>): CasWrite;
  /** Writes, which has to succeed, and answers the cell. */
  put(name: string, over?: Partial<CasWrite>): Promise<CasCell>;
  /** What writing answers. */
  write(item: CasWrite, by?: CasPort): Promise<string>;
  read(name: string, by?: CasPort): Promise<CasCell | undefined>;
}

export type PortRow = (name: string, body: (tools: PortTools) => Promise<void>) => void;

export function portTools(fixture: CasPortFixture, unitMs: number): PortTools {
  const { port } = fixture;
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  let revisions = 0;

  const item: PortTools["item"] = (name, over = {}) => ({
    name,
    expected: undefined,
    revision: `r${(revisions += 1)}`,
    value: `value of ${name}`,
    attentionAt: undefined,
    expiresAt: undefined,
    liveUntil: undefined,
    ...over,
  });

  const write: PortTools["write"] = async (write, by = port) => {
    const [reply] = repliesOf(await by.write([write], signal));
    return String(reply);
  };

  return {
    fixture,
    port,
    unitMs,
    signal,
    item,
    write,
    put: async (name, over) => {
      const written = item(name, over);
      assert.equal(await write(written), "written");
      return { revision: written.revision, value: written.value ?? "" };
    },
    read: async (name, by = port) => repliesOf(await by.read([name], signal))[0],
  };
}

/** The answers, none of which may be a fault. */
export function repliesOf<Reply>({ items }: CasAnswer<Reply>): readonly Reply[] {
  return items.map((item) => {
    if (item instanceof Error) throw item;
    return item;
  });
}
