import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { snippetsOf } from "../../scripts/snippets.mjs";
import { runCommand } from "./command.js";
import { npmrcFor, type Registry } from "./registry.js";
import type { NodeVersion, Tried } from "./rehearse.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What stands behind it in a page isn't followed: commands for a clone, or for a service on AWS. */
const END = "<!-- followed to here -->";

/** The pages that are followed: those with files to write and commands to run. Paths from the root. */
export async function followedGuides(): Promise<readonly string[]> {
  const guides = await readdir(join(root, "docs/guides"));
  const pages = ["README.md", ...guides.map((name) => `docs/guides/${name}`)];
  const steps = await Promise.all(pages.map(stepsOf));
  return pages.filter((_, at) => {
    const of = steps[at] ?? [];
    return (
      of.some(({ file }) => file !== undefined) && of.some(({ language }) => language === "sh")
    );
  });
}

async function stepsOf(page: string): Promise<ReturnType<typeof snippetsOf>> {
  const [followed = ""] = (await readFile(join(root, page), "utf8")).split(END);
  return snippetsOf(followed);
}

/** What a followed page is called in the table. */
export function nameOf(page: string): string {
  return `Guide: ${basename(page)}`;
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
  const folder = join(parent, `guide-${basename(page, ".md")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ".npmrc"), npmrcFor(registry));
  const snippets = await stepsOf(page);
  for (const { file, text } of snippets) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text.trimStart());
  }
  const PATH = `${node.folder}:${process.env["PATH"] ?? ""}`;
  const tried = { cell: nameOf(page), place: "newest", node: node.version };
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
