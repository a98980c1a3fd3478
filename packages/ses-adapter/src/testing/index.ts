export { createLocalSes, type LocalSes, type LocalSesOptions } from "./local-ses.js";
export { snsTopicPublisher, type SnsTopicOptions } from "./sns-topic.js";
export { WaitTimeoutError } from "./wait-timeout-error.js";
export type { AccountOptions, ConfigurationSet, EventKind } from "./account.js";
export type { DeliveryOutcome } from "./deliveries.js";
export type { EventFate, EventFaultPlan, EventFaultRates } from "./event-faults.js";
export type { PublishedEvent, PublishToTopic } from "./event-publisher.js";
export type { EventMail, SesEvent } from "./events.js";
export type { FaultSettings } from "./fault-rules-json.js";
export type {
  DelayFault,
  Fault,
  FaultKind,
  FaultPlan,
  FaultRule,
  Faults,
  FaultTrigger,
  RefusalFault,
  SesCall,
} from "./faults.js";
export type { ListedEmail } from "./local-api.js";
export type { AwaitedMail } from "./mailbox.js";
export type { SesApiVersion } from "./api-version.js";
export type { MessageHeader } from "./message-headers.js";
export type { SendingLimits } from "./quota.js";
export type { LoggedRequest } from "./request-log.js";
export { headerValues, type SentEmail } from "./sent-email.js";
