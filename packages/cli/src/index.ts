export {
  auditMails,
  type AuditReport,
  type CopyFigures,
  type TimelineBar,
} from "./audit/audit-mails.js";
export type { Burst, BurstOptions, Sameness } from "./audit/find-bursts.js";
export type { SentMail } from "./audit/sent-mail.js";
