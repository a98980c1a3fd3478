import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The root of the working tree that this file stands in. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Checkout {
  /** The commit's short id. */
  readonly id: string;
  /** The root of its working tree, installed. */
  readonly root: string;
  remove(): Promise<void>;
}

/**
 * A working tree of another commit, beside this one, with its own dependencies.
 *
 * @throws Error where there is no such commit, or it can't be installed
 */
export async function checkOut(commit: string): Promise<Checkout> {
  const id = await git(
    "rev-parse",
    "--short",
    "--verify",
    "--end-of-options",
    `${commit}^{commit}`,
  );
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-baseline-"));
  const root = join(folder, "tree");
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await git("worktree", "prune");
  };
  try {
    await git("worktree", "add", "--detach", root, id);
    await run("npx", ["-y", "pnpm@12", "install", "--frozen-lockfile"], { cwd: root });
  } catch (error) {
    await remove();
    throw error;
  }
  return { id, root, remove };
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", [...args], { cwd: ROOT });
  return stdout.trim();
}
