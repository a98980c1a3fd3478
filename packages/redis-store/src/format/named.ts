import { ARGUMENTS } from "./description.js";

/** What a script answers: texts, `null` where something is absent, and lists of these. */
export type Wire = string | number | null | readonly Wire[];

/** What a script takes. `false` and lists go as they are, since arguments are JSON. */
export type Argument = string | number | boolean | readonly Argument[];

type ArgumentNames = typeof ARGUMENTS;
export type NamedScript = keyof ArgumentNames;

export type NamedArguments<Name extends NamedScript> = Readonly<
  Record<ArgumentNames[Name][number], Argument>
>;

/** Arguments by their names, in the order in which the script takes them. */
export function argumentsOf<Name extends NamedScript>(
  script: Name,
  given: NamedArguments<Name>,
): readonly Argument[] {
  const names: readonly ArgumentNames[Name][number][] = ARGUMENTS[script];
  return names.map((name) => given[name]);
}

/** A list of values by the names of their places. Values of a later release are left out. */
export function named<Name extends string>(
  names: readonly Name[],
  wire: Wire | undefined,
): Readonly<Record<Name, Wire | undefined>> {
  const values = list(wire);
  return Object.fromEntries(names.map((name, place) => [name, values[place]])) as Readonly<
    Record<Name, Wire | undefined>
  >;
}

export function list(wire: Wire | undefined): readonly Wire[] {
  if (!Array.isArray(wire)) throw new TypeError("A script answered with something unexpected.");
  return wire as readonly Wire[];
}

export function text(wire: Wire | undefined): string {
  if (typeof wire !== "string") throw new TypeError("A script left something out of its answer.");
  return wire;
}

/** Numbers come as text, since Redis would cut their fractions off; small whole ones as they are. */
export function numeric(wire: Wire | undefined): number {
  if (typeof wire !== "string" && typeof wire !== "number") {
    throw new TypeError("A script left a number out of its answer.");
  }
  return Number(wire);
}

export function namesOf<Fields extends object>(fields: Fields): readonly (keyof Fields & string)[] {
  return Object.keys(fields) as (keyof Fields & string)[];
}
