export { webhookSender, type WebhookSender } from "./webhook-sender.js";
export type { WebhookReply, WebhookSenderOptions } from "./options.js";
export type { PreparedWebhook, Webhook } from "./webhook.js";
