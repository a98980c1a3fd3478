import { bareAddress, domainOf } from "./addresses.js";
import { refuse, sendingPaused, type SesRefusal } from "./ses-refusal.js";
import type { Submission } from "./submission.js";

/** The kinds of events SES can publish, as an event destination names them. */
export const eventKinds = [
  "send",
  "delivery",
  "bounce",
  "complaint",
  "reject",
  "renderingFailure",
  "deliveryDelay",
  "open",
  "click",
  "subscription",
] as const;
/** The kinds of events SES publishes. */
export type EventKind = (typeof eventKinds)[number];

/** Where a configuration set publishes, and what; without a topic nothing is published. */
export interface ConfigurationSet {
  readonly topicArn?: string;
  /** Default: every kind. */
  readonly events?: readonly EventKind[];
}

/** What the account may do. */
export interface AccountOptions {
  /**
   * Verified addresses and domains. Default: whatever asks counts as verified. A domain covers
   * its subdomains and all their addresses.
   */
  readonly identities?: readonly string[];
  /** In the sandbox recipients must be verified as well. Default false. */
  readonly sandbox?: boolean;
  /** Whether the account may send at all. Default true; can be changed through either API. */
  readonly sendingEnabled?: boolean;
  readonly configurationSets?: Readonly<Record<string, ConfigurationSet>>;
  /** Twelve digits; appears in events. Default `123456789012`. */
  readonly accountId?: string;
}

const simulatorDomain = "simulator.amazonses.com";

/** Identities and configuration sets of the one account this server plays. */
export const createAccount = (options: AccountOptions) => {
  const identities = options.identities && new Set(options.identities.map(normalize));
  const listed = new Set((options.identities ?? []).map(normalize));
  let sendingEnabled = options.sendingEnabled ?? true;
  const configurationSets = new Map(Object.entries(options.configurationSets ?? {}));

  const isVerified = (address: string): boolean => {
    if (!identities) return true;
    const domain = domainOf(address);
    const parents = domain.split(".").map((_, at, labels) => labels.slice(at).join("."));
    return (
      identities.has(normalize(bareAddress(address))) || parents.some((d) => identities.has(d))
    );
  };

  return {
    accountId: options.accountId ?? "123456789012",
    configurationSets,
    identities: (): readonly string[] => [...listed],
    /** Adds an identity as verified at once: there is nobody here to click the link. */
    verify: (identity: string): void => {
      listed.add(normalize(identity));
      identities?.add(normalize(identity));
    },
    remove: (identity: string): void => {
      listed.delete(normalize(identity));
      identities?.delete(normalize(identity));
    },
    isVerified,
    sandbox: options.sandbox ?? false,
    sendingEnabled: (): boolean => sendingEnabled,
    setSendingEnabled: (enabled: boolean): void => {
      sendingEnabled = enabled;
    },
    /** Applies the rules that depend on the account rather than on the message. */
    judge: (submission: Submission, region: string): SesRefusal | undefined => {
      if (!sendingEnabled) return sendingPaused;
      const senders = [submission.source, submission.returnPath].filter((a) => a !== undefined);
      const recipients = submission.destinations.filter((a) => domainOf(a) !== simulatorDomain);
      const failed = [...senders, ...(options.sandbox ? recipients : [])].filter(
        (address) => !isVerified(address),
      );
      if (failed.length > 0) {
        return refuse(
          "MessageRejected",
          `Email address is not verified. The following identities failed the check in region ` +
            `${region.toUpperCase()}: ${[...new Set(failed)].join(", ")}`,
        );
      }
      const { configurationSet } = submission;
      if (configurationSet === undefined || configurationSets.has(configurationSet))
        return undefined;
      return missingConfigurationSet(configurationSet);
    },
  };
};

export const missingConfigurationSet = (name: string): SesRefusal => ({
  ...refuse("ConfigurationSetDoesNotExist", `Configuration set <${name}> does not exist.`),
  fields: { ConfigurationSetName: name },
});

/** Domains are case-insensitive, local parts are not ("Verifying identities"). */
const normalize = (identity: string): string => {
  const at = identity.lastIndexOf("@");
  return identity.slice(0, at + 1) + identity.slice(at + 1).toLowerCase();
};

export type Account = ReturnType<typeof createAccount>;
