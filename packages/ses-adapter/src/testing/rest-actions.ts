import type { EventKind } from "./account.js";
import { addressFault } from "./addresses.js";
import type { AccountContext } from "./protocol.js";
import { readRestEmail } from "./rest-email.js";
import { invalidParameter, refuse, type SesRefusal } from "./ses-refusal.js";
import type { Submission } from "./submission.js";

/** What a request to one of the paths holds. */
export interface RestRequest {
  readonly json: object;
  /** What stands in the path's places, in order. */
  readonly path: readonly string[];
}

export interface RestAction {
  /** Of a sending action. */
  readonly read?: (json: object) => Promise<Submission | SesRefusal>;
  readonly carryOut?: (request: RestRequest, context: AccountContext) => object | SesRefusal;
}

type Json = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Json => Object(value) as Json;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const missing = (what: string): SesRefusal =>
  refuse("NotFoundException", `${what} does not exist.`, 404);

const getAccount: RestAction = {
  carryOut: (_, { account, quota }) => ({
    DedicatedIpAutoWarmupEnabled: false,
    EnforcementStatus: account.sendingEnabled() ? "HEALTHY" : "SHUTDOWN",
    ProductionAccessEnabled: !account.sandbox,
    SendingEnabled: account.sendingEnabled(),
    SendQuota: {
      Max24HourSend: quota.limits.max24HourSend,
      MaxSendRate: quota.limits.maxSendRate,
      SentLast24Hours: quota.sentLast24Hours(),
    },
    SuppressionAttributes: { SuppressedReasons: [] },
  }),
};

const createIdentity: RestAction = {
  carryOut: ({ json }, { account }) => {
    const identity = textOf(fields(json)["EmailIdentity"]);
    const fault = identity.includes("@") ? addressFault(identity) : addressFault(`a@${identity}`);
    if (fault !== undefined) return invalidParameter(`Invalid email identity <${identity}>.`);
    account.verify(identity);
    return { IdentityType: typeOf(identity), VerifiedForSendingStatus: true };
  },
};

const getIdentity: RestAction = {
  carryOut: ({ path: [identity = ""] }, { account }) =>
    account.isVerified(identity)
      ? {
          IdentityType: typeOf(identity),
          ...{ VerifiedForSendingStatus: true, VerificationStatus: "SUCCESS" },
        }
      : missing(`Email identity ${identity}`),
};

const listIdentities: RestAction = {
  carryOut: (_, { account }) => ({
    EmailIdentities: account.identities().map((identity) => ({
      ...{ IdentityName: identity, IdentityType: typeOf(identity) },
      ...{ SendingEnabled: true, VerificationStatus: "SUCCESS" },
    })),
  }),
};

const deleteIdentity: RestAction = {
  carryOut: ({ path: [identity = ""] }, { account }) => {
    account.remove(identity);
    return {};
  },
};

const createConfigurationSet: RestAction = {
  carryOut: ({ json }, { account }) => {
    const name = textOf(fields(json)["ConfigurationSetName"]);
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
      return invalidParameter(`Invalid configuration set name <${name}>.`);
    }
    if (account.configurationSets.has(name)) {
      return refuse("AlreadyExistsException", `Configuration set <${name}> already exists.`);
    }
    account.configurationSets.set(name, {});
    return {};
  },
};

const getConfigurationSet: RestAction = {
  carryOut: ({ path: [name = ""] }, { account }) =>
    account.configurationSets.has(name)
      ? { ConfigurationSetName: name, SendingOptions: { SendingEnabled: true } }
      : missing(`Configuration set <${name}>`),
};

const listConfigurationSets: RestAction = {
  carryOut: (_, { account }) => ({ ConfigurationSets: [...account.configurationSets.keys()] }),
};

const getEventDestinations: RestAction = {
  carryOut: ({ path: [name = ""] }, { account }) => {
    const set = account.configurationSets.get(name);
    if (!set) return missing(`Configuration set <${name}>`);
    return {
      EventDestinations:
        set.topicArn === undefined
          ? []
          : [
              {
                ...{ Name: "local-sns", Enabled: true },
                MatchingEventTypes: (set.events ?? []).map(inRest),
                SnsDestination: { TopicArn: set.topicArn },
              },
            ],
    };
  },
};

const createEventDestination: RestAction = {
  carryOut: ({ json, path: [name = ""] }, { account }) => {
    if (!account.configurationSets.has(name)) return missing(`Configuration set <${name}>`);
    const { MatchingEventTypes, SnsDestination } = fields(fields(json)["EventDestination"]);
    const topicArn = textOf(fields(SnsDestination)["TopicArn"]);
    if (topicArn === "") {
      return invalidParameter("Only SNS destinations exist on the local SES.");
    }
    const events = (Array.isArray(MatchingEventTypes) ? MatchingEventTypes : []).map((type) =>
      fromRest(textOf(type)),
    );
    account.configurationSets.set(name, { topicArn, events });
    return {};
  },
};

const putSending: RestAction = {
  carryOut: ({ json }, { account }) => {
    account.setSendingEnabled(fields(json)["SendingEnabled"] === true);
    return {};
  },
};

/** `RENDERING_FAILURE` is `renderingFailure` in v1's event destinations. */
function fromRest(type: string): EventKind {
  return type
    .toLowerCase()
    .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as EventKind;
}

function inRest(kind: EventKind): string {
  return kind.replace(/[A-Z]/g, "_$&").toUpperCase();
}

function typeOf(identity: string): string {
  return identity.includes("@") ? "EMAIL_ADDRESS" : "DOMAIN";
}

/** By method and path; a star is one place of the path. */
const actions: Readonly<Record<string, readonly [name: string, action: RestAction]>> = {
  "POST /outbound-emails": ["SendEmail", { read: readRestEmail }],
  "GET /account": ["GetAccount", getAccount],
  "PUT /account/sending": ["PutAccountSendingAttributes", putSending],
  "POST /identities": ["CreateEmailIdentity", createIdentity],
  "GET /identities": ["ListEmailIdentities", listIdentities],
  // What the SDK has asked for since lists take filters.
  "POST /list-identities": ["ListEmailIdentities", listIdentities],
  "GET /identities/*": ["GetEmailIdentity", getIdentity],
  "DELETE /identities/*": ["DeleteEmailIdentity", deleteIdentity],
  "POST /configuration-sets": ["CreateConfigurationSet", createConfigurationSet],
  "GET /configuration-sets": ["ListConfigurationSets", listConfigurationSets],
  "POST /list-configuration-sets": ["ListConfigurationSets", listConfigurationSets],
  "GET /configuration-sets/*": ["GetConfigurationSet", getConfigurationSet],
  "GET /configuration-sets/*/event-destinations": [
    "GetConfigurationSetEventDestinations",
    getEventDestinations,
  ],
  "POST /configuration-sets/*/event-destinations": [
    "CreateConfigurationSetEventDestination",
    createEventDestination,
  ],
};

/** The action at a path below the API's prefix, which begins with a slash. */
export function findAction(
  method: string,
  path: string,
):
  | { readonly name: string; readonly action: RestAction; readonly path: readonly string[] }
  | undefined {
  const parts = path
    .split("/")
    .slice(1)
    .filter((part) => part !== "");
  const [collection = "", place, ...rest] = parts;
  const pattern = [collection, ...starred(collection, place), ...rest].join("/");
  const found = actions[`${method} /${pattern}`];
  if (!found) return undefined;
  const [name, action] = found;
  return { name, action, path: place === undefined ? [] : [decodeURIComponent(place)] };
}

function starred(collection: string, place: string | undefined): readonly string[] {
  if (place === undefined) return [];
  return collection === "account" ? [place] : ["*"];
}
