import { createHash } from "node:crypto";
import { missingConfigurationSet, type EventKind } from "./account.js";
import { addressFault } from "./addresses.js";
import type { QueryParameters } from "./query-protocol.js";
import type { AccountContext } from "./protocol.js";
import { invalidParameter, refuse, type SesRefusal } from "./ses-refusal.js";
import type { XmlValue } from "./xml-reply.js";

/** What an action answers: a result for the reply (undefined: an empty one), or a refusal. */
export type ActionReply = { readonly result: XmlValue | undefined } | SesRefusal;

type Action = (parameters: QueryParameters, context: AccountContext) => ActionReply;

const done: ActionReply = { result: {} };
const nothing: ActionReply = { result: undefined };

const required = (parameters: QueryParameters, name: string): string | SesRefusal =>
  parameters.text(name) ??
  refuse("MissingParameter", `The request must contain the parameter ${name}.`);

const withRequired =
  (
    name: string,
    act: (value: string, context: AccountContext, p: QueryParameters) => ActionReply,
  ): Action =>
  (parameters, context) => {
    const value = required(parameters, name);
    return typeof value === "string" ? act(value, context, parameters) : value;
  };

const verifyAddress = (reply: ActionReply): Action =>
  withRequired("EmailAddress", (address, { account }) => {
    const fault = addressFault(address);
    if (fault !== undefined) return invalidParameter(`Invalid email address<${address}>.`);
    account.verify(address);
    return reply;
  });

const token = (text: string): string =>
  createHash("sha256").update(text).digest("base64").replace(/=+$/, "");

const isAddress = (identity: string): boolean => identity.includes("@");

const attributesOf = (
  parameters: QueryParameters,
  describe: (identity: string) => XmlValue | undefined,
): ReadonlyMap<string, XmlValue> => {
  const attributes = new Map<string, XmlValue>();
  for (const identity of parameters.list("Identities")) {
    const description = describe(identity);
    if (description !== undefined) attributes.set(identity, description);
  }
  return attributes;
};

const describeConfigurationSet = withRequired(
  "ConfigurationSetName",
  (name, { account }, parameters) => {
    const set = account.configurationSets.get(name);
    if (!set) return missingConfigurationSet(name);
    const wanted = parameters.list("ConfigurationSetAttributeNames");
    const destinations = set.topicArn && [
      {
        Name: "local-sns",
        Enabled: true,
        MatchingEventTypes: [...(set.events ?? [])],
        SNSDestination: { TopicARN: set.topicArn },
      },
    ];
    return {
      result: {
        ConfigurationSet: { Name: name },
        ...(wanted.includes("eventDestinations") && { EventDestinations: destinations || [] }),
      },
    };
  },
);

const createConfigurationSet = withRequired("ConfigurationSet.Name", (name, { account }) => {
  if (account.configurationSets.has(name)) {
    return refuse("ConfigurationSetAlreadyExists", `Configuration set <${name}> already exists.`);
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    return refuse("InvalidConfigurationSet", `Invalid configuration set name <${name}>.`);
  }
  account.configurationSets.set(name, {});
  return done;
});

const createEventDestination = withRequired(
  "ConfigurationSetName",
  (name, { account }, parameters) => {
    if (!account.configurationSets.has(name)) return missingConfigurationSet(name);
    const topicArn = parameters.text("EventDestination.SNSDestination.TopicARN");
    if (topicArn === undefined) {
      return refuse("InvalidSNSDestination", "Only SNS destinations exist on the local SES.");
    }
    const events = parameters.list("EventDestination.MatchingEventTypes") as readonly EventKind[];
    account.configurationSets.set(name, { topicArn, events });
    return done;
  },
);

/** Every action but the sending ones, by name. */
export const accountActions: Readonly<Record<string, Action>> = {
  VerifyEmailIdentity: verifyAddress(done),
  VerifyEmailAddress: verifyAddress(nothing),
  VerifyDomainIdentity: withRequired("Domain", (domain, { account }) => {
    account.verify(domain);
    return { result: { VerificationToken: token(domain) } };
  }),
  VerifyDomainDkim: withRequired("Domain", (domain, { account }) => {
    account.verify(domain);
    const dkim = [1, 2, 3].map((n) => token(`${n}.${domain}`).toLowerCase().replace(/\W/g, ""));
    return { result: { DkimTokens: dkim } };
  }),
  DeleteIdentity: withRequired("Identity", (identity, { account }) => {
    account.remove(identity);
    return done;
  }),
  ListIdentities: (parameters, { account }) => {
    const kind = parameters.text("IdentityType");
    const identities = account
      .identities()
      .filter(
        (identity) => kind === undefined || (kind === "EmailAddress") === isAddress(identity),
      );
    return { result: { Identities: identities } };
  },
  ListVerifiedEmailAddresses: (_, { account }) => ({
    result: { VerifiedEmailAddresses: account.identities().filter(isAddress) },
  }),
  GetIdentityVerificationAttributes: (parameters, { account }) => ({
    result: {
      VerificationAttributes: attributesOf(parameters, (identity) =>
        account.isVerified(identity)
          ? {
              VerificationStatus: "Success",
              VerificationToken: isAddress(identity) ? undefined : token(identity),
            }
          : undefined,
      ),
    },
  }),
  GetIdentityDkimAttributes: (parameters) => ({
    result: {
      DkimAttributes: attributesOf(parameters, () => ({
        DkimEnabled: false,
        DkimVerificationStatus: "NotStarted",
      })),
    },
  }),
  GetIdentityNotificationAttributes: (parameters) => ({
    result: {
      NotificationAttributes: attributesOf(parameters, () => ({ ForwardingEnabled: true })),
    },
  }),
  GetAccountSendingEnabled: (_, { account }) => ({ result: { Enabled: account.sendingEnabled() } }),
  UpdateAccountSendingEnabled: (parameters, { account }) => {
    account.setSendingEnabled(parameters.text("Enabled") === "true");
    return nothing;
  },
  GetSendQuota: (_, { quota }) => ({
    result: {
      Max24HourSend: quota.limits.max24HourSend,
      MaxSendRate: quota.limits.maxSendRate,
      SentLast24Hours: quota.sentLast24Hours(),
    },
  }),
  GetSendStatistics: (_, { statistics }) => ({
    result: {
      SendDataPoints: statistics().map((point) => ({
        Timestamp: new Date(point.at).toISOString(),
        DeliveryAttempts: point.attempts,
        Bounces: point.bounces,
        Complaints: point.complaints,
        Rejects: point.rejects,
      })),
    },
  }),
  ListConfigurationSets: (_, { account }) => ({
    result: {
      ConfigurationSets: [...account.configurationSets.keys()].map((Name) => ({ Name })),
    },
  }),
  DescribeConfigurationSet: describeConfigurationSet,
  CreateConfigurationSet: createConfigurationSet,
  CreateConfigurationSetEventDestination: createEventDestination,
};
