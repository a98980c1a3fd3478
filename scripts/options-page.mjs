// All options with their defaults, as the sources declare them: node scripts/options-page.mjs [--write]
// Without --write it checks that docs/guides/options.md says what the sources say.
import { readFileSync, writeFileSync } from "node:fs";
import prettier from "prettier";
import ts from "typescript";
import { root } from "./packages.mjs";

const PAGE = `${root}docs/guides/options.md`;

/** What is called, with the interfaces that hold its options, in the order in which a newcomer meets them. */
const calls = [
  {
    call: "definePipeline",
    of: "@exactly-once/core",
    interfaces: [
      ["packages/core/src/pipeline/pipeline.ts", "PipelineDefinition"],
      ["packages/core/src/pipeline/pipeline.ts", "TripwirePolicy", "tripwire."],
    ],
  },
  {
    call: "createConsumer",
    of: "@exactly-once/core",
    interfaces: [["packages/core/src/consumer/options.ts", "ConsumerOptions"]],
  },
  {
    call: "createLambdaHandler",
    of: "@exactly-once/sqs-adapter",
    note: "Those of `createConsumer` as well, but for `queue`, `concurrency`, `maxHeld`, `visibilityMs`, `waitMs`, `maxPollers` and `ready`.",
    interfaces: [["packages/sqs-adapter/src/lambda/lambda-handler.ts", "LambdaHandlerOptions"]],
  },
  {
    call: "sqsQueue",
    of: "@exactly-once/sqs-adapter",
    interfaces: [["packages/sqs-adapter/src/queue/queue.ts", "SqsQueueOptions"]],
  },
  {
    call: "redisStore",
    of: "@exactly-once/redis-store",
    interfaces: [["packages/redis-store/src/store.ts", "RedisStoreOptions"]],
  },
  {
    call: "dynamodbStore",
    of: "@exactly-once/dynamodb-store",
    interfaces: [["packages/dynamodb-store/src/store.ts", "DynamodbStoreOptions"]],
  },
  {
    call: "postgresStore",
    of: "@exactly-once/postgres-store",
    note: "Also `retentionMs`, `callTimeoutMs`, `pageSize` and `onUncounted`, as for every store that compares and sets.",
    interfaces: [["packages/postgres-store/src/store.ts", "PostgresStoreOptions"]],
  },
  {
    call: "memoryStore",
    of: "@exactly-once/core",
    interfaces: [["packages/core/src/memory-store/memory-store.ts", "MemoryStoreOptions"]],
  },
  {
    call: "sesV2Mailer and sesMailer",
    of: "@exactly-once/ses-adapter/v2 and @exactly-once/ses-adapter",
    interfaces: [
      ["packages/ses-adapter/src/mailer/options.ts", "MailerOptions"],
      ["packages/ses-adapter/src/mailer/options.ts", "SendRateOptions", "sendRate."],
      ["packages/ses-adapter/src/mailer/ses-v2-mailer.ts", "SesV2MailerOptions"],
    ],
  },
  {
    call: "safeSesV2Client and safeSesClient",
    of: "@exactly-once/ses-adapter/v2 and @exactly-once/ses-adapter",
    note: "Beside those of the AWS SDK's client.",
    interfaces: [["packages/ses-adapter/src/wire/safe-settings.ts", "SafeClientOptions"]],
  },
  {
    call: "webhookSender",
    of: "@exactly-once/webhook-sender",
    note: "Also the settings of one request, of `@exactly-once/one-request`.",
    interfaces: [["packages/webhook-sender/src/options.ts", "WebhookSenderOptions"]],
  },
  {
    call: "notifyEmailSender and notifySmsSender",
    of: "@exactly-once/notify-adapter",
    note: "Also the settings of one request, of `@exactly-once/one-request`.",
    interfaces: [["packages/notify-adapter/src/sender/options.ts", "NotifyOptions"]],
  },
  {
    call: "openTelemetry",
    of: "@exactly-once/opentelemetry",
    interfaces: [["packages/opentelemetry/src/telemetry.ts", "TelemetryOptions"]],
  },
  {
    call: "createSesEventReconciler",
    of: "@exactly-once/ses-adapter",
    note: "Also `concurrency`, `visibilityMs`, `waitMs` and `allow`, as for `createConsumer`.",
    interfaces: [
      ["packages/ses-adapter/src/events/event-reconciler.ts", "SesEventReconcilerOptions"],
    ],
  },
  {
    call: "createReconciler",
    of: "@exactly-once/ses-adapter",
    interfaces: [["packages/ses-adapter/src/events/reconciler.ts", "ReconcilerOptions"]],
  },
  {
    call: "createUserCache",
    of: "@exactly-once/core/user-cache",
    interfaces: [["packages/core/src/user-cache/options.ts", "UserCacheOptions"]],
  },
  {
    call: "redisUserSnapshot",
    of: "@exactly-once/redis-store",
    interfaces: [["packages/redis-store/src/user-snapshot.ts", "RedisUserSnapshotOptions"]],
  },
  {
    call: "testPipeline",
    of: "@exactly-once/core/testing",
    interfaces: [
      ["packages/core/src/testing/test-pipeline.ts", "TestPipelineOptions"],
      ["packages/core/src/testing/test-pipeline.ts", "DeliverOptions", "deliver: "],
    ],
  },
];

/** `@link`s become their text; line ends become spaces. */
const plain = (text = "") =>
  text
    .replace(/\{@link (\w+)[^}]*\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .trim();

/** Docstrings say a default in a sentence of its own. */
const DEFAULT = /(?:^|(?<=\s))[Dd]efault:? (?:is )?((?:[^.`]|`[^`]*`|\.(?=\S))+)\.?/;

/**
 * @param {string} file
 * @param {string} name of the interface
 * @param {string} [prefix] of each option's name
 */
function rowsOf(file, name, prefix = "") {
  const source = ts.createSourceFile(
    file,
    readFileSync(root + file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found = source.statements.find(
    (node) => ts.isInterfaceDeclaration(node) && node.name.text === name,
  );
  if (found === undefined || !ts.isInterfaceDeclaration(found)) {
    throw new Error(`${file} has no interface ${name}; scripts/options-page.mjs names it.`);
  }
  return found.members.map((member) => {
    const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
    const text = plain(ts.getTextOfJSDocComment(doc?.comment));
    const [sentence = "", value = ""] = DEFAULT.exec(text) ?? [];
    const about = sentence === "" ? text : plain(text.replace(sentence, " ")).replace(/,$/, ".");
    const isOptional = ts.isPropertySignature(member) && member.questionToken !== undefined;
    const isRequired = !isOptional && !(ts.isMethodSignature(member) && member.questionToken);
    const given = value === "" ? (isRequired ? "_required_" : "") : value;
    return [`\`${prefix}${member.name?.getText(source) ?? ""}\``, given, about];
  });
}

const cell = (text = "") => text.replaceAll("|", "\\|");

function page() {
  const sections = calls.map(({ call, of, note, interfaces }) => {
    const rows = interfaces.flatMap(([file = "", name = "", prefix]) => rowsOf(file, name, prefix));
    const table = [["option", "default", "is"], ["---", "---", "---"], ...rows].map(
      (row) => `| ${row.map(cell).join(" | ")} |`,
    );
    const from = of.replaceAll(/@[\w/-]+/g, "`$&`");
    return [
      `## ${call}`,
      "",
      `Of ${from}.${note === undefined ? "" : ` ${note}`}`,
      "",
      ...table,
    ].join("\n");
  });
  return [
    "# Options",
    "",
    "All options with their defaults, as the sources declare them. Written by `node scripts/options-page.mjs --write`;",
    "don't edit it. Times are in milliseconds. Each is checked when the call is made, and refused by name.",
    "",
    ...sections.flatMap((section) => [section, ""]),
  ].join("\n");
}

const config = await prettier.resolveConfig(PAGE);
const text = await prettier.format(page(), { ...config, parser: "markdown" });
if (process.argv.includes("--write")) writeFileSync(PAGE, text);
else {
  /** @type {string} */
  let written;
  try {
    written = readFileSync(PAGE, "utf8");
  } catch {
    written = "";
  }
  if (written !== text) {
    console.error("docs/guides/options.md isn't what the sources say (--write makes it so)");
    process.exitCode = 1;
  }
}
