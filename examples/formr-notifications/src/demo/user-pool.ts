import { z } from "zod";

const counts = z.object({ calls: z.number() });

/** Looks at a local Cognito from outside its process. */
export function userPoolOf(endpoint: string) {
  return {
    /** How often users were asked for so far. */
    async calls(): Promise<number> {
      const response = await fetch(`${endpoint}/_local/counts`);
      return counts.parse(await response.json()).calls;
    },
  };
}
