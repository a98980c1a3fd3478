import { escapeMarkup } from "./markup.js";
import type { SesRefusal } from "./ses-refusal.js";

/** What an action's result holds; arrays become `<member>` lists, maps become `<entry>` pairs. */
export type XmlValue =
  | string
  | number
  | boolean
  | readonly XmlValue[]
  | ReadonlyMap<string, XmlValue>
  | { readonly [name: string]: XmlValue | undefined };

const namespace = "http://ses.amazonaws.com/doc/2010-12-01/";

const isList = (value: XmlValue): value is readonly XmlValue[] => Array.isArray(value);
const isMap = (value: XmlValue): value is ReadonlyMap<string, XmlValue> => value instanceof Map;

const element = (name: string, value: XmlValue): string => `<${name}>${content(value)}</${name}>`;

const content = (value: XmlValue): string => {
  if (typeof value !== "object") return escapeMarkup(String(value));
  if (isList(value)) return value.map((member) => element("member", member)).join("");
  if (isMap(value)) {
    return [...value]
      .map(([key, entry]) => `<entry>${element("key", key)}${element("value", entry)}</entry>`)
      .join("");
  }
  return Object.entries(value)
    .map(([name, child]) => (child === undefined ? "" : element(name, child)))
    .join("");
};

/** The success document of `action`; an undefined result leaves the result element out. */
export const successXml = (
  action: string,
  result: XmlValue | undefined,
  requestId: string,
): string =>
  `<${action}Response xmlns="${namespace}">` +
  (result === undefined ? "" : element(`${action}Result`, result)) +
  element("ResponseMetadata", { RequestId: requestId }) +
  `</${action}Response>`;

/** The error document, one shape for every action. */
export const refusalXml = (refusal: SesRefusal, requestId: string): string =>
  `<ErrorResponse xmlns="${namespace}">` +
  element("Error", {
    Type: refusal.type,
    Code: refusal.code,
    Message: refusal.message,
    ...refusal.fields,
  }) +
  element("RequestId", requestId) +
  `</ErrorResponse>`;
