import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { root } from "./packages.mjs";
import { snippetsOf } from "./snippets.mjs";

/** What IAM calls a command, where it isn't the command's own name. A batch is allowed as one. */
const OTHERS: Readonly<Record<string, string>> = {
  SendMessage: "sqs:SendMessage",
  DeleteMessage: "sqs:DeleteMessage",
  ReceiveMessage: "sqs:ReceiveMessage",
  ChangeMessageVisibility: "sqs:ChangeMessageVisibility",
  GetQueueAttributes: "sqs:GetQueueAttributes",
  GetQueueUrl: "sqs:GetQueueUrl",
  ListEventSourceMappings: "lambda:ListEventSourceMappings",
  GetFunctionConfiguration: "lambda:GetFunctionConfiguration",
  GetFunctionConcurrency: "lambda:GetFunctionConcurrency",
  ListSubscriptionsByTopic: "sns:ListSubscriptionsByTopic",
  GetSubscriptionAttributes: "sns:GetSubscriptionAttributes",
  DescribeUserPool: "cognito-idp:DescribeUserPool",
};
/** The mailer on SES's first API: the guide names its actions beside the policy. */
const FIRST_API = "packages/ses-adapter/src/wire/api-v1.ts";

const isTest = /\.test\.|\.proof\.|fixture|\/testing\/|\/fixtures\//;

/** The actions that the sources under these folders call. */
function called(...under: readonly string[]): readonly string[] {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", ...under], {
    cwd: root,
    encoding: "utf8",
  });
  const actions = files
    .trim()
    .split("\n")
    .filter((file) => file.endsWith(".ts") && !isTest.test(file) && file !== FIRST_API)
    .flatMap((file) => [
      ...readFileSync(root + file, "utf8").matchAll(/new (\w+?)(?:Batch)?Command\(/g),
    ])
    .map(([, command = ""]) => OTHERS[command] ?? `ses:${command}`);
  return [...new Set(actions)].sort();
}

const guide = readFileSync(`${root}docs/guides/permissions.md`, "utf8");

/** The actions that the guide's policy of this name allows. */
function allowed(policy: string): readonly string[] {
  const [snippet] = snippetsOf(guide).filter(({ file }) => file === policy);
  const { Statement } = JSON.parse(snippet?.text ?? "") as {
    readonly Statement: readonly { readonly Action: string | readonly string[] }[];
  };
  return [...new Set(Statement.flatMap(({ Action }) => Action))].sort();
}

const redriving = "packages/sqs-adapter/src/dead-letters/redrive.ts";
const facts = "packages/sqs-adapter/src/wire";

it("allows the service what consumer and mailer call, and nothing else", () => {
  expect(allowed("service")).toEqual(
    called(
      "packages/sqs-adapter/src",
      "packages/ses-adapter/src",
      `:!${redriving}`,
      ":!packages/sqs-adapter/src/doctor",
    ),
  );
  expect(guide).toContain("`ses:SendRawEmail` and `ses:GetSendQuota`");
});

it("allows the operator what redriving calls, and nothing else", () => {
  expect(allowed("operator")).toEqual(
    called(redriving, facts, "packages/cli/src", ":!packages/cli/src/doctor"),
  );
});

it("allows the doctor what it reads, and nothing else", () => {
  expect(allowed("doctor")).toEqual(
    called("packages/cli/src/doctor", "packages/sqs-adapter/src/doctor", facts),
  );
});
