// Compiles every TypeScript snippet of the READMEs and the guides, and reads every JSON one:
// node scripts/check-snippets.mjs
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.mjs";
import { snippetsOf } from "./snippets.mjs";

/** Within the docs' package, so that imports by name are found as its dependencies. */
const folder = join(root, "docs/.snippets");

const pages = execFileSync("git", ["ls-files", "*README.md", "docs/*.md"], {
  cwd: root,
  encoding: "utf8",
});

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
let failures = 0;
let count = 0;

for (const page of pages.trim().split("\n")) {
  for (const { language, file, text, line } of snippetsOf(readFileSync(join(root, page), "utf8"))) {
    if (language === "json") {
      count += 1;
      try {
        JSON.parse(text);
      } catch (error) {
        failures += 1;
        console.error(`${page}:${line}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (!/^(ts|typescript)$/.test(language)) continue;
    count += 1;
    // A block without an import is a module, too.
    const name = file ?? `line-${line}.ts`;
    mkdirSync(join(folder, page), { recursive: true });
    writeFileSync(join(folder, page, name), `${text}export {};\n`);
  }
}

writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: {
      // A snippet declares what the reader uses next.
      noUnusedLocals: false,
      noUnusedParameters: false,
      noPropertyAccessFromIndexSignature: false,
      // NestJS' are these.
      experimentalDecorators: true,
    },
    include: ["**/*.ts"],
  }),
);
const { status, stdout } = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", folder],
  { cwd: root, encoding: "utf8" },
);
if (status === 0) rmSync(folder, { recursive: true });
else {
  failures += 1;
  // The lines are those of the page.
  console.error(
    stdout.replaceAll(/^docs\/\.snippets\/(.*\.md)\/[^/]+\((\d+),(\d+)\)/gm, "$1:$2:$3"),
  );
}
console.log(`${count} snippets checked`);
process.exitCode = failures === 0 ? 0 : 1;
