/** A statement of an access policy, as far as it is read here. */
interface Statement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

interface Policy {
  readonly Version?: string;
  readonly Statement?: Statement | readonly Statement[];
}

const SNS = "sns.amazonaws.com";

/**
 * Whether a queue's policy lets SNS send what a topic publishes. A statement with a condition on
 * anything but the source is taken for one that doesn't: nobody can tell from here whether it holds.
 *
 * @param policy JSON; `undefined` allows nobody but the account itself
 */
export function allowsSnsToSend(
  policy: string | undefined,
  topicArn: string,
  queueArn: string,
): boolean {
  if (policy === undefined || policy === "") return false;
  const statements = list((JSON.parse(policy) as Policy).Statement);
  const matching = statements.filter(
    ({ Principal, Action, Resource }) =>
      isSns(Principal) &&
      list(Action).some((action) => /^(\*|sqs:(\*|SendMessage))$/i.test(action)) &&
      (Resource === undefined || list(Resource).some((pattern) => matches(pattern, queueArn))),
  );
  const holds = (statement: Statement) => holdsFor(statement, topicArn);
  if (matching.some((statement) => statement.Effect === "Deny" && holds(statement))) return false;
  return matching.some((statement) => statement.Effect === "Allow" && holds(statement));
}

/** The policy with a statement more. */
export function withSnsStatement(policy: string | undefined, topicArn: string, queueArn: string) {
  const given = policy === undefined || policy === "" ? {} : (JSON.parse(policy) as Policy);
  const statement = {
    Sid: "SesEvents",
    Effect: "Allow",
    Principal: { Service: SNS },
    Action: "sqs:SendMessage",
    Resource: queueArn,
    Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
  };
  return {
    Version: given.Version ?? "2012-10-17",
    Statement: [...list(given.Statement), statement],
  };
}

function isSns(principal: unknown): boolean {
  if (principal === "*") return true;
  if (typeof principal !== "object" || principal === null) return false;
  const { AWS, Service } = principal as { readonly AWS?: unknown; readonly Service?: unknown };
  return AWS === "*" || list(Service as string | readonly string[]).includes(SNS);
}

function holdsFor({ Condition = {} }: Statement, topicArn: string): boolean {
  const account = topicArn.split(":")[4] ?? "";
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = list(wanted);
      const isEqual = /^(Arn|String)(Equals|Like)(IgnoreCase)?$/.test(operator);
      if (!isEqual) return false;
      if (key.toLowerCase() === "aws:sourcearn") {
        return values.some((pattern) => matches(pattern, topicArn));
      }
      return key.toLowerCase() === "aws:sourceaccount" && values.includes(account);
    }),
  );
}

/** `*` and `?` as in IAM. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(text);
}

function list<Item>(value: Item | readonly Item[] | undefined): readonly Item[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}
