import { createHash } from "node:crypto";

/** A user of the local pool. Attributes as Cognito names them; `sub` is the user name. */
export interface LocalCognitoUser {
  readonly username: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface LocalPoolOptions {
  /** How many users are generated. They take no memory: each is computed when it is asked for. */
  readonly users: number;
  /** The same seed gives the same users. Default 1. */
  readonly seed?: number;
  /** One generated user of so many has no `custom:tisId`: staff, not trainees. Default 0: none. */
  readonly staffEvery?: number;
}

/** Users by position: the generated ones first, then those that were added. */
export interface LocalPool {
  readonly size: number;
  at(position: number): LocalCognitoUser;
  /** Where a user with this value can be at all; `undefined` when that isn't known. */
  positionsOf(attribute: string, value: string): readonly number[] | undefined;
  add(users: readonly LocalCognitoUser[]): void;
  /** Changes how many users are generated. */
  resize(users: number): void;
}

const GIVEN = ["Aisha", "Ben", "Chloe", "Dafydd", "Élodie", "Farid", "Grace", "Hamish", "Ines"];
const FAMILY = ["Ahmed", "Brown", "Chowdhury", "Davies", "Evans", "Fraser", "O'Neill", "Zhang"];
const FIRST_TRAINEE = 100_000;

/** The `custom:tisId` of the generated user at this position (0 to users - 1). */
export function traineeIdOf(position: number): string {
  return String(FIRST_TRAINEE + position);
}

/** The address of the generated user at this position. */
export function emailOf(position: number): string {
  return `trainee-${position}@example.org`;
}

/** A deterministic pool of any size that holds only the users that were added. */
export function createLocalPool(options: LocalPoolOptions): LocalPool {
  const { seed = 1, staffEvery = 0 } = options;
  let generated = options.users;
  const added: LocalCognitoUser[] = [];

  function generate(position: number): LocalCognitoUser {
    const digest = createHash("md5").update(`${seed}:${position}`).digest();
    const hex = digest.toString("hex");
    const tail = position.toString(16).padStart(12, "0");
    const username = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${tail}`;
    const isStaff = staffEvery > 0 && position % staffEvery === staffEvery - 1;
    return {
      username,
      attributes: {
        sub: username,
        email: emailOf(position),
        email_verified: "true",
        given_name: GIVEN[digest.readUInt16LE(10) % GIVEN.length] ?? "",
        family_name: FAMILY[digest.readUInt16LE(12) % FAMILY.length] ?? "",
        ...(!isStaff && { "custom:tisId": traineeIdOf(position) }),
      },
    };
  }

  function generatedPosition(attribute: string, value: string): number | undefined {
    if (attribute === "email") return numberIn(/^trainee-(\d+)@example\.org$/, value, 10);
    return numberIn(/-([0-9a-f]{12})$/, value, 16);
  }

  return {
    get size() {
      return generated + added.length;
    },
    at(position) {
      if (position < generated) return generate(position);
      const user = added[position - generated];
      if (user === undefined) throw new RangeError(`no user at ${position}`);
      return user;
    },
    positionsOf(attribute, value) {
      if (!["email", "sub", "username"].includes(attribute)) return undefined;
      const position = generatedPosition(attribute, value);
      const later = added.map((_, index) => generated + index);
      return position !== undefined && position < generated ? [position, ...later] : later;
    },
    add(users) {
      added.push(...users);
    },
    resize(users) {
      generated = users;
    },
  };
}

function numberIn(pattern: RegExp, text: string, radix: number): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, radix);
}
