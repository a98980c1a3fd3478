import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));
const readme = readFileSync(join(folder, "../../../README.md"), "utf8");
const [, example = ""] = /```ts\n([^]*?)```/.exec(readme) ?? [];

/** What the compiler says of programs beside this file, under this package's own settings. */
function complaintsAbout(sources: ReadonlyMap<string, string>): readonly (readonly string[])[] {
  const configFile = join(folder, "../tsconfig.json");
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile));
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.getSourceFile = (name, language, ...rest) => {
    const source = sources.get(name);
    return source === undefined
      ? getSourceFile(name, language, ...rest)
      : ts.createSourceFile(name, source, language);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((name) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  );
}

it("the README's example compiles against the packages", { timeout: 120_000 }, () => {
  const [asWritten, mistyped] = complaintsAbout(
    new Map([
      [join(folder, "readme-example.ts"), example],
      [join(folder, "readme-mistyped.ts"), example.replace("namespace:", "namspace:")],
    ]),
  );
  expect(asWritten).toEqual([]);
  expect(mistyped?.join()).toContain("namspace");
});
