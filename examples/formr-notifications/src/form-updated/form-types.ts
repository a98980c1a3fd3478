const KNOWN: ReadonlyMap<string, { readonly title: string; readonly path: string }> = new Map([
  ["formr-a", { title: "Form R (Part A)", path: "/formr-a" }],
  ["formr-b", { title: "Form R (Part B)", path: "/formr-b" }],
]);

/** What doctors call the form, and where they find it. */
export interface FormType {
  readonly title: string;
  readonly url: string;
}

/** A type that isn't known is "your form", on the application's first page. */
export function describeFormType(formType: string, appUrl: string): FormType {
  const { title, path } = KNOWN.get(formType) ?? { title: "form", path: "/" };
  return { title, url: appUrl + path };
}
