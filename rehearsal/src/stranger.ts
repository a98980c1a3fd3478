import { transform } from "esbuild";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../stranger/", import.meta.url));

/** How a stranger's sources are written. */
export type SourceKind = "typescript" | "esm" | "cjs";

export type TestRunner = "node" | "jest" | "vitest";

/** Writes the stranger's service and its tests (`service.test.*`) to a folder, as one would have them. */
export async function writeStranger(
  folder: string,
  kind: SourceKind,
  runner: TestRunner,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(sources)) {
    const text = await readFile(join(sources, file), "utf8");
    if (!file.endsWith(".ts")) {
      await writeFile(join(folder, file), text);
      continue;
    }
    if (file.startsWith("with-") && file !== `with-${runner}.ts`) continue;
    const name = file.replace(`with-${runner}.ts`, "service.test.ts");
    if (kind === "typescript") {
      await writeFile(join(folder, name), text);
      continue;
    }
    const { code } = await transform(text, { loader: "ts", format: kind, target: "node20.19" });
    await writeFile(join(folder, name.replace(/\.ts$/, ".js")), code);
  }
}
