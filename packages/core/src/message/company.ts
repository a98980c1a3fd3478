/**
 * Who handles beside whom in one process. Most run beside others; one that may end its process runs alone.
 *
 * Runs beside others enter at once, unless somebody is to be alone: then they wait. Who is to be alone waits
 * for those that run, and those for each other; once none is left, all that wait enter together. A wait
 * that is given up leaves the line.
 */
export class Company {
  /** How many run beside others. */
  #beside = 0;
  #isSomeoneAlone = false;
  readonly #toBeAlone: Waiting[] = [];
  readonly #toBeBeside: Waiting[] = [];

  /** @returns `undefined` where it may run at once; what it waits for otherwise */
  enter(alone: boolean): Entering | undefined {
    if (alone ? this.#isEmpty() : this.#isOpen()) {
      this.#begin(alone);
      return undefined;
    }
    const line = alone ? this.#toBeAlone : this.#toBeBeside;
    let enter: () => void = () => undefined;
    const entered = new Promise<undefined>((resolve) => {
      enter = () => {
        resolve(undefined);
      };
    });
    const waiting: Waiting = { enter };
    line.push(waiting);
    return {
      entered,
      giveUp: () => {
        const at = line.indexOf(waiting);
        // Its turn came at the same moment.
        if (at < 0) this.leave(alone);
        else line.splice(at, 1);
        this.#admit();
      },
    };
  }

  leave(alone: boolean): void {
    if (alone) this.#isSomeoneAlone = false;
    else this.#beside -= 1;
    this.#admit();
  }

  #isEmpty(): boolean {
    return this.#beside === 0 && !this.#isSomeoneAlone;
  }

  #isOpen(): boolean {
    return !this.#isSomeoneAlone && this.#toBeAlone.length === 0;
  }

  #begin(alone: boolean): void {
    if (alone) this.#isSomeoneAlone = true;
    else this.#beside += 1;
  }

  #admit(): void {
    if (this.#isEmpty()) {
      const next = this.#toBeAlone.shift();
      if (next) {
        this.#begin(true);
        next.enter();
        return;
      }
    }
    if (!this.#isOpen()) return;
    for (const waiting of this.#toBeBeside.splice(0)) {
      this.#begin(false);
      waiting.enter();
    }
  }
}

interface Waiting {
  readonly enter: () => void;
}

/** A wait for a place. */
export interface Entering {
  /** Resolves once the place is taken. */
  readonly entered: Promise<undefined>;
  /** Leaves the line, or the place where it was just taken. */
  giveUp(): void;
}
