import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { snippetsOf } from "../../scripts/snippets.mjs";
import { runCommand } from "./command.js";
import { npmrcFor, type Registry } from "./registry.js";
import type { NodeVersion, Tried } from "./rehearse.js";

const guides = fileURLToPath(new URL("../../docs/guides/", import.meta.url));

/** The guides that are followed: those with files to write and commands to run. */
export async function followedGuides(): Promise<readonly string[]> {
  const pages = await readdir(guides);
  const texts = await Promise.all(pages.map((page) => readFile(join(guides, page), "utf8")));
  return pages.filter((_, at) =>
    snippetsOf(texts[at] ?? "").some(({ file }) => file !== undefined),
  );
}

/**
 * Does what a guide says, in an empty folder: writes the files that it names, and runs its commands in
 * their order. What it shows as their output has to be in it, line by line.
 */
export async function followGuide(
  page: string,
  parent: string,
  registry: Registry,
  node: NodeVersion,
  env: Readonly<Record<string, string>>,
): Promise<Tried> {
  const folder = join(parent, `guide-${page.replace(/\.md$/, "")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ".npmrc"), npmrcFor(registry));
  const snippets = snippetsOf(await readFile(join(guides, page), "utf8"));
  for (const { file, text } of snippets) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text.trimStart());
  }
  const PATH = `${node.folder}:${process.env["PATH"] ?? ""}`;
  const tried = { cell: `Guide: ${page}`, place: "newest", node: node.version };
  let all = "";
  let ms = 0;
  let last = "";
  for (const { language, text } of snippets) {
    if (language === "sh") {
      const result = await runCommand(`set -e\n${text.trim()}`, {
        cwd: folder,
        env: { ...env, PATH },
      });
      last = result.output;
      ms += result.ms;
      all += `$ ${text.trim()}\n${last}`;
      if (!result.ok) return { ...tried, ok: false, ms, output: all };
    }
    if (language !== "text") continue;
    const missing = text
      .trim()
      .split("\n")
      .filter((line) => !last.includes(line));
    if (missing.length === 0) continue;
    return { ...tried, ok: false, ms, output: `${all}\nmissing: ${missing.join("\n")}` };
  }
  return { ...tried, ok: true, ms, output: all };
}
