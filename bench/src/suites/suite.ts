import type { Row } from "../rows.js";

export interface SuiteOptions {
  readonly runs: number;
  /** Messages per run, where a suite consumes a queue. */
  readonly messages: number;
  /** All cases, not only those that decide. */
  readonly all: boolean;
  /** Only cases whose name contains this (throughput, idle). */
  readonly only: string;
  /** Tells what is being done. */
  readonly note: (text: string) => void;
}

export type Suite = (options: SuiteOptions) => Promise<readonly Row[]>;
