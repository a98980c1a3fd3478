export { createLocalNotify, type LocalNotify, type LocalNotifyOptions } from "./local-notify.js";
export type { FaultPlan, NotifyFault } from "./faults.js";
export type { DeliveryStatus, SentNotification } from "./mailbox.js";
export type { LocalTemplate } from "./templates.js";
