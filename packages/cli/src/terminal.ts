import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { printable, printableLines } from "./printable.js";

/** What the tool reads from and writes to. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Partial<Record<string, string>>>;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Terminal {
  /** Characters a line may have. */
  readonly columns: number;
  /** Whether results go out as JSON unless asked otherwise. */
  readonly jsonByDefault: boolean;
  /** A result, to stdout. */
  print(text: string): void;
  /** What isn't the result: warnings, progress, questions. To stderr. */
  note(text: string): void;
  /** Whether there is somebody to ask. */
  readonly canAsk: boolean;
  /** True only for a plain yes. */
  ask(question: string): Promise<boolean>;
}

export function terminalOf({ stdin, stdout, stderr }: World): Terminal {
  return {
    columns: stdout.isTTY === true ? (stdout.columns ?? 80) : 80,
    jsonByDefault: stdout.isTTY !== true,
    print: (text) => void stdout.write(`${printableLines(text)}\n`),
    note: (text) => void stderr.write(`${printableLines(text)}\n`),
    // Questions go to stderr, so that a redirected result stays one.
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
        const answer = await Promise.race([lines.question(`${printable(question)} [y/N] `), ended]);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        lines.close();
      }
    },
  };
}
