// Compares each package entry's public API with its report in etc/; --update writes the reports.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedPackages, root } from "./packages.mjs";

const update = process.argv.includes("--update");
mkdirSync(`${root}etc`, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), "exactly-once-api-"));
/** @type {string[]} */
const differing = [];
/** @type {string[]} */
const reports = [];

/**
 * @param {string} folder
 * @param {string} file the entry's output file, without extension
 */
function extract(folder, file) {
  const packageFolder = `${root}packages/${folder}`;
  const reportName = `${[folder, ...file.split("/")].filter((part) => part !== "index").join(".")}.api.md`;
  reports.push(reportName);
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: `${packageFolder}/package.json`,
    configObjectFullPath: undefined,
    configObject: {
      newlineKind: "lf",
      projectFolder: packageFolder,
      mainEntryPointFilePath: `${packageFolder}/dist/${file}.d.ts`,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2022",
            lib: ["ES2023"],
            module: "NodeNext",
            moduleResolution: "NodeNext",
            strict: true,
            skipLibCheck: true,
            types: ["node"],
            typeRoots: [`${root}node_modules/@types`],
          },
          files: [`${packageFolder}/dist/${file}.d.ts`],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: `${root}etc`,
        reportTempFolder: temporary,
        reportFileName: reportName,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning },
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          "ae-undocumented": { logLevel: ExtractorLogLevel.None },
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None },
          "ae-unresolved-link": { logLevel: ExtractorLogLevel.None },
        },
        // typedoc judges the comments.
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      message.handled = true;
      if (String(message.logLevel) === "error" || String(message.category) === "Compiler") {
        console.error(`${reportName}: ${message.text}`);
      }
    },
  });
  if (result.errorCount > 0) process.exitCode = 1;
  if (result.apiReportChanged && !update) differing.push(reportName);
}

for (const { folder, entries } of publishedPackages()) {
  for (const { file } of entries) extract(folder, file);
}
rmSync(temporary, { recursive: true, force: true });

const stale = readdirSync(`${root}etc`).filter(
  (file) => file.endsWith(".api.md") && !reports.includes(file),
);
if (update) {
  stale.forEach((file) => rmSync(`${root}etc/${file}`));
  console.log(`${reports.length} API reports are up to date in etc/.`);
} else if (differing.length + stale.length > 0) {
  console.error(
    `API reports that differ, are missing or are left over: ${[...differing, ...stale].join(", ")}`,
  );
  console.error("If that is meant: pnpm build && pnpm api:update, and commit etc/.");
  process.exitCode = 1;
}
