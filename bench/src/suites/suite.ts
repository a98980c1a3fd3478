import type { Row } from "../rows.js";
import type { EmulatorName } from "../sqs/emulators.js";

export interface SuiteOptions {
  readonly runs: number;
  /** Messages per run, where a suite consumes a queue. */
  readonly messages: number;
  /** Messages that each contender handles before its clock starts, where a suite consumes a queue. */
  readonly warmUp: number;
  /** All cases, not only those that decide. */
  readonly all: boolean;
  /** Only cases whose name contains this. */
  readonly only: string;
  /** What plays SQS (throughput). */
  readonly emulator: EmulatorName;
  /** Tells what is being done. */
  readonly note: (text: string) => void;
}

export type Suite = (options: SuiteOptions) => Promise<readonly Row[]>;
