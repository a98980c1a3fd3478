import { oneLine } from "../email/plain-text.js";

const KNOWN: ReadonlyMap<string, { readonly title: string; readonly path: string }> = new Map([
  ["trainingplacement", { title: "Training Placement", path: "/placements" }],
  ["trainingprogramme", { title: "Training Programme", path: "/programmes" }],
]);

/** What doctors call the credential, and where they can have a new one issued. */
export interface CredentialType {
  readonly title: string;
  readonly url: string;
}

/**
 * Producers write one type in several ways ("Training Placement", `TRAINING_PLACEMENT`,
 * `issue.TrainingPlacement`). A type that isn't known keeps its words and leads to the
 * application's first page.
 */
export function describeCredentialType(credentialType: string, appUrl: string): CredentialType {
  const word = credentialType.replace(/^issue\./i, "").replace(/[^a-z]/gi, "");
  const { title, path } = KNOWN.get(word.toLowerCase()) ?? {
    title: oneLine(credentialType),
    path: "/",
  };
  return { title, url: appUrl + path };
}
