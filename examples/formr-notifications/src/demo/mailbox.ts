import { z } from "zod";
import type { AcceptedEmail } from "./counting.js";
import { letterIdentity } from "./expected-emails.js";

const listPage = z.object({
  messages: z.array(z.object({ messageId: z.string(), acceptedAt: z.number() })),
  next: z.number(),
});
const message = z.object({
  destinations: z.array(z.string()),
  subject: z.string(),
  text: z.string().nullable(),
});
const status = z.object({ accepted: z.number() });

const PAGE_SIZE = 500;

/** Looks into the mailbox of a local SES from outside its process. */
export function mailboxOf(endpoint: string) {
  async function get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const response = await fetch(`${endpoint}/_local/${path}`);
    if (!response.ok) throw new Error(`The local SES answered ${response.status} to ${path}.`);
    return shape.parse(await response.json());
  }

  async function read(messageId: string) {
    return get(`messages/${encodeURIComponent(messageId)}?as=json`, message);
  }

  return {
    /** How many emails SES has accepted so far. */
    accepted: async (): Promise<number> => (await get("status", status)).accepted,

    /** The pages of the mailbox as SES lists them, for an audit by somebody else. */
    async pages(): Promise<readonly string[]> {
      const pages: string[] = [];
      for (let since = 0; ;) {
        const response = await fetch(
          `${endpoint}/_local/messages?since=${since}&limit=${PAGE_SIZE}`,
        );
        const page = await response.text();
        const { messages, next } = listPage.parse(JSON.parse(page));
        if (messages.length === 0) return pages;
        pages.push(page);
        since = next;
      }
    },

    /** Every accepted email, oldest first, one for each recipient. */
    async emails(startedAt: number): Promise<readonly AcceptedEmail[]> {
      const found: AcceptedEmail[] = [];
      for (let since = 0; ;) {
        const page = await get(`messages?since=${since}&limit=${PAGE_SIZE}`, listPage);
        if (page.messages.length === 0) return found;
        for (const { messageId, acceptedAt } of page.messages) {
          const { destinations, subject, text } = await read(messageId);
          const atMs = acceptedAt - startedAt;
          for (const to of destinations) {
            found.push({ to, identity: letterIdentity({ to, subject, text: text ?? "" }), atMs });
          }
        }
        since = page.next;
      }
    },
  };
}
