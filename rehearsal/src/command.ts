import { spawn } from "node:child_process";

export interface CommandResult {
  readonly ok: boolean;
  readonly ms: number;
  /** What it wrote, to stdout and to stderr. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default ten minutes; then it counts as failed. */
  readonly timeoutMs?: number;
}

/** Runs a command line of a shell to its end. */
export function runCommand(line: string, options: CommandOptions): Promise<CommandResult> {
  const { cwd, env = {}, timeoutMs = 600_000 } = options;
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn(line, {
      cwd,
      shell: true,
      // A group of its own, so that the time limit ends what the shell started, too.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let output = "";
    const end = (ok: boolean) => {
      clearTimeout(limit);
      resolve({ ok, ms: performance.now() - start, output });
    };
    const limit = setTimeout(() => {
      output += `\nstopped after ${timeoutMs} ms`;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", (error) => {
      output += error.message;
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}
