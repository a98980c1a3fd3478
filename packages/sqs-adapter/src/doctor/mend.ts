import type { Mend } from "./finding.js";

/** A resource of CloudFormation with the properties that have to change. */
export interface TemplatePart {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A mend of AWS's settings, as a command and as a template says it. */
export function awsMend(
  text: string,
  command: readonly (string | object)[],
  part: TemplatePart,
): Mend {
  return { text, cli: awsCli(command), cloudFormation: cloudFormation(part) };
}

/** A mend of a queue's attributes, which a template names alike. */
export function queueMend(
  text: string,
  queueUrl: string,
  attributes: Readonly<Record<string, string | number | object>>,
): Mend {
  const asTexts = Object.entries(attributes).map(([name, value]) => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  return awsMend(
    text,
    [
      ...["sqs", "set-queue-attributes", "--queue-url", queueUrl, "--attributes"],
      Object.fromEntries(asTexts) as object,
    ],
    { type: "AWS::SQS::Queue", properties: attributes },
  );
}

/** A mend of an IAM policy: the action that a role lacks. */
export function grantMend(action: string, resource: string): Mend {
  const statement = { Effect: "Allow", Action: action, Resource: resource };
  const PolicyDocument = { Version: "2012-10-17", Statement: [statement] };
  return awsMend(
    `grant ${action} on ${resource} to the role that inspects`,
    [
      ...["iam", "put-role-policy", "--role-name", "ROLE", "--policy-name", "exactly-once-doctor"],
      "--policy-document",
      PolicyDocument,
    ],
    {
      type: "AWS::IAM::RolePolicy",
      properties: { PolicyName: "exactly-once-doctor", RoleName: "ROLE", PolicyDocument },
    },
  );
}

/** @param words objects become JSON */
export function awsCli(words: readonly (string | object)[]): string {
  const texts = words.map((word) => (typeof word === "object" ? JSON.stringify(word) : word));
  return ["aws", ...texts].map(quoted).join(" ");
}

/** As a POSIX shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function cloudFormation({ type, properties }: TemplatePart): string {
  return [`Type: ${type}`, "Properties:", ...yaml(properties, "  ")].join("\n");
}

/** Enough of YAML for a template: texts are written as JSON, which is YAML, where they could be read otherwise. */
function yaml(value: object, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const key = Array.isArray(value) ? `${indent}-` : `${indent}${name}:`;
    if (typeof inner !== "object" || inner === null) return [`${key} ${scalar(inner)}`];
    const lines = yaml(inner, `${indent}  `);
    if (!Array.isArray(value)) return [key, ...lines];
    const [first = "", ...rest] = lines;
    return [`${key} ${first.trimStart()}`, ...rest];
  });
}

function scalar(value: unknown): string {
  const text = String(value);
  if (typeof value !== "string") return text;
  return /^[A-Za-z][\w:/.-]*$/.test(text) && !/^(true|false|yes|no|on|off|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
