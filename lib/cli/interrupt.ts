// SIGINT and SIGTERM: the first one asks the command to end in order, the second ends it at once.

import { Exit } from './exit';

const exitOfSignal = { SIGINT: Exit.interrupted, SIGTERM: Exit.terminated } as const;
type Signal = keyof typeof exitOfSignal;
const signals = Object.keys(exitOfSignal) as Signal[];

export class Interrupt {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;

  constructor() {
    for (const signal of signals) process.on(signal, this.#handler);
  }

  readonly #handler = (signal: NodeJS.Signals): void => {
    const exitCode = exitOfSignal[signal as Signal];
    if (this.#exitCode !== undefined) process.exit(exitCode);
    this.#exitCode = exitCode;
    this.#controller.abort();
  };

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 130 or 143 after a signal, else undefined. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Gives the signals their usual meaning again. */
  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#handler);
  }
}
