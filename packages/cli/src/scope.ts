import { required, type Settings } from "./settings.js";
import { UsageError } from "./errors/usage-error.js";

/** @throws UsageError where no namespace is configured */
export function namespaceOf({ namespace }: Settings): string {
  const how =
    "pass --namespace, set EXACTLY_ONCE_NAMESPACE, or write it into the configuration file";
  return required(namespace, "The namespace", how);
}

export function scopeText(namespace: string, pipeline: string | undefined): string {
  return pipeline === undefined ? `Namespace ${namespace}` : `Pipeline ${pipeline} of ${namespace}`;
}

/** @throws UsageError where nobody is named */
export function whoIsAsking(
  by: string | undefined,
  env: Readonly<Partial<Record<string, string>>>,
): string {
  const who = by ?? env["USER"] ?? env["LOGNAME"] ?? env["USERNAME"] ?? "";
  if (who.trim() === "") throw new UsageError("Say who you are: --by NAME.");
  return who;
}

/** The namespace that a record's key in words begins with, where it has one. */
export function namespaceOfKey(keyText: string): string | undefined {
  try {
    const parts: unknown = JSON.parse(keyText);
    const first: unknown = Array.isArray(parts) ? parts[0] : undefined;
    return typeof first === "string" ? first : undefined;
  } catch {
    return undefined;
  }
}
