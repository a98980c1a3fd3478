import { QueueUnavailableError, StoreUnavailableError } from "@exactly-once/core";
import type { Finding, Mend, WrongFinding } from "@exactly-once/sqs-adapter";

/** What was found of one part of a deployment. */
export interface Diagnosis {
  readonly subject: string;
  readonly findings: readonly Finding[];
}

type Wrong = Omit<WrongFinding, "severity" | "code">;

export const ok = (code: string, message: string): Finding => ({ severity: "ok", code, message });
export const warning = (code: string, wrong: Wrong): Finding => ({
  severity: "warning",
  code,
  ...wrong,
});
export const error = (code: string, wrong: Wrong): Finding => ({
  severity: "error",
  code,
  ...wrong,
});

/** What can't be asked for want of a permission. */
export function notPermitted(code: string, action: string): Finding {
  return warning(code, {
    message: `${action} is denied, so that this couldn't be checked`,
    leadsTo: "what is wrong with it shows when a message needs it",
    mend: grant(action),
  });
}

function grant(action: string): Mend {
  const statement = { Effect: "Allow", Action: action, Resource: "*" };
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  return {
    text: `grant ${action} to the role that inspects`,
    cli: `aws iam put-role-policy --role-name ROLE --policy-name exactly-once-doctor --policy-document '${document}'`,
    cloudFormation: [
      "Type: AWS::IAM::RolePolicy",
      "Properties:",
      "  PolicyName: exactly-once-doctor",
      "  RoleName: ROLE",
      "  PolicyDocument:",
      "    Version: 2012-10-17",
      "    Statement:",
      "      - Effect: Allow",
      `        Action: ${action}`,
      '        Resource: "*"',
    ].join("\n"),
  };
}

export function unavailable(code: string, service: string, fault: unknown): Finding {
  const reason = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault);
  return error(code, {
    message: `${service} didn't answer: ${reason}`,
    leadsTo: "it couldn't be inspected, and a service with the same settings can't work either",
    mend: { text: "check the endpoint, the region, the credentials and the route to it" },
  });
}

const DENIED = /AccessDenied|NotAuthorized|AuthorizationError|UnrecognizedClient/;

export function isDenied(fault: unknown): boolean {
  return fault instanceof Error && DENIED.test(fault.name);
}

/** What AWS may refuse or not answer; one service that can't be asked doesn't keep the others from it. */
export async function asked(
  {
    code,
    action,
    service,
  }: { readonly code: string; readonly action: string; readonly service: string },
  inspect: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await inspect();
  } catch (fault) {
    if (isDenied(fault)) return [notPermitted(`${code}-unreadable`, action)];
    return [unavailable(`${code}-unavailable`, service, fault)];
  }
}

/** The same of what this library's own parts say of an outage. */
export async function reached(
  code: string,
  service: string,
  inspect: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await inspect();
  } catch (fault) {
    if (fault instanceof QueueUnavailableError || fault instanceof StoreUnavailableError) {
      return [unavailable(code, service, fault)];
    }
    throw fault;
  }
}
