/**
 * The base of every error here. Errors are recognised by a brand under `Symbol.for`, never by
 * `instanceof`: an application may hold an ESM and a CJS copy of the same class.
 */
export abstract class BrandedError extends Error {
  /** Stable, documented, safe to switch on. */
  abstract readonly code: string;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The symbol that marks an error with this code, the same in every copy of this package. */
export function brandOf(code: string): symbol {
  return Symbol.for(`@exactly-once/error/${code}`);
}

export function hasBrand(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && brandOf(code) in error;
}

/** Puts the brand of `code` on a class. */
export function brand(target: { readonly prototype: object }, code: string): void {
  Object.defineProperty(target.prototype, brandOf(code), { value: true });
}
