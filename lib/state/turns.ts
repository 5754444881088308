// What a thread calls while one of its decisions is made: each has its turn in the order of the calls,
// so that this is the order of the seqs.

interface Turn {
  begin(): Promise<unknown>;
  /** What comes behind it begins when it has settled. */
  alone: boolean;
}

export class Turns {
  // In the order of the calls; one that is added while they are gone through has its turn, too.
  readonly #waiting = new Set<Turn>();
  #running: Promise<void> | undefined;

  /** Whether what is called now has to wait for its turn. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when everything that was called has had its turn. */
  get idle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Begins behind everything that waits. What is called later waits until it has settled. */
  alone<R>(begin: () => Promise<R>): Promise<R> {
    return this.#add(begin, true);
  }

  /** Begins behind everything that waits; its seqs are known when `begin` has returned. */
  behind<R>(begin: () => Promise<R>): Promise<R> {
    return this.#add(begin, false);
  }

  #add<R>(begin: () => Promise<R>, alone: boolean): Promise<R> {
    return new Promise((resolve) => {
      const settle = (result: Promise<R>) => {
        resolve(result);
        return result;
      };
      this.#waiting.add({ begin: () => settle(begun(begin)), alone });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    await undefined; // the call that began this has returned
    for (const turn of this.#waiting) {
      this.#waiting.delete(turn);
      const settled = turn.begin();
      if (turn.alone) await settled.catch(() => {});
    }
    this.#running = undefined;
  }
}

function begun<R>(begin: () => Promise<R>): Promise<R> {
  try {
    return begin();
  } catch (error) {
    return Promise.reject(error);
  }
}
