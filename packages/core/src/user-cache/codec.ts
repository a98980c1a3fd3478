/** Turns a user into bytes and back. A million users are kept as bytes, not as objects. */
export interface UserCodec<User> {
  /**
   * Names what `encode` writes. Replicas only read a shared snapshot of their own format, so change
   * it whenever older code could not decode the bytes.
   */
  readonly format: string;
  /** Must give the same bytes for the same user. */
  encode(user: User): Uint8Array;
  /** Makes the user again that `encode` was given. */
  decode(bytes: Uint8Array): User;
}

/** Users as JSON text: any record that JSON can hold. */
export function jsonCodec<User>(): UserCodec<User> {
  return {
    format: "json",
    encode: (user) => Buffer.from(JSON.stringify(user)),
    decode: (bytes) => JSON.parse(textOf(bytes)) as User,
  };
}

/**
 * Flat records as a JSON array of their values in the order of `fields`: the names are not stored
 * a million times. `undefined` and `null` both come back as a missing field.
 */
export function fieldsCodec<User extends object>(
  fields: readonly (keyof User & string)[],
): UserCodec<User> {
  return {
    format: `fields:${fields.join(",")}`,
    encode: (user) => Buffer.from(JSON.stringify(fields.map((field) => user[field] ?? null))),
    decode(bytes) {
      const values = JSON.parse(textOf(bytes)) as readonly unknown[];
      const user: Partial<Record<keyof User, unknown>> = {};
      fields.forEach((field, index) => {
        const value = values[index];
        if (value !== null && value !== undefined) user[field] = value;
      });
      return user as User;
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
