/**
 * Ids of a known layout take two thirds of their length as base64, which keeps a done record under 300
 * bytes. Done here rather than in a script, since all replicas share Redis. Equal ids are equal when
 * packed, too, so that scripts can compare them.
 */
const LAYOUTS = [
  { mark: "u", pattern: /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/ },
  // SES
  {
    mark: "s",
    pattern: /^[\da-f]{16}-[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}-[\da-f]{6}$/,
  },
] as const;
const FINGERPRINT = /^v1:[\da-f]{32}$/;

export function pack(id: string): string {
  if (FINGERPRINT.test(id)) return "f" + toBase64(id.slice(3));
  for (const { mark, pattern } of LAYOUTS) {
    if (pattern.test(id)) return mark + toBase64(id.replaceAll("-", ""));
  }
  return "=" + id;
}

export function unpack(packed: string): string {
  const rest = packed.slice(1);
  switch (packed[0]) {
    case "=":
      return rest;
    case "f":
      return "v1:" + toHex(rest);
    case "u":
      return toHex(rest).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    case "s":
      return toHex(rest).replace(/^(.{16})(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5-$6-");
    default:
      throw new TypeError(
        `An id is packed in a way that this release doesn't know: ${packed[0] ?? "none"}.`,
      );
  }
}

function toBase64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64url");
}

function toHex(base64: string): string {
  return Buffer.from(base64, "base64url").toString("hex");
}
