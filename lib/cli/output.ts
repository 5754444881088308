// Standard output and standard error. Data goes to `Output`, everything else through `note`.
// A reader that goes away (EPIPE) is no error: the command ends early and quietly.

import type { Writable } from 'node:stream';
import { native } from '../native';
import { codeOf } from './exit';

/** How often a command that waits looks whether somebody still reads. */
const lookEveryMs = 100;

export class Output {
  /** The reader is gone: nothing that is written from here on reaches anybody. */
  broken = false;
  readonly #stream: Writable;
  readonly #onBroken: (() => void)[] = [];
  #failure: unknown;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => {
      if (codeOf(error) !== 'EPIPE') this.#failure ??= error;
      this.#break();
    });
  }

  #break(): void {
    this.broken = true;
    for (const listener of this.#onBroken.splice(0)) listener();
  }

  /**
   * For a command that may have nothing to write for long: a stream learns only by a write that its
   * reader is gone. Looks until it is disposed of.
   */
  watch(): Disposable {
    const { fd } = this.#stream as { fd?: unknown };
    const look = () => {
      if (typeof fd === 'number' && native().readerIsGone(fd)) this.#break();
    };
    const timer = setInterval(look, lookEveryMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Calls back at once when the reader is gone already. */
  whenBroken(listener: () => void): void {
    if (this.broken) listener();
    else this.#onBroken.push(listener);
  }

  /** Resolves when more may be written: memory stays bounded where every call is awaited. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.broken || this.#stream.write(data)) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('drain', resolve);
      this.whenBroken(resolve);
    });
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value, null, 2));
  }

  /** Waits until all of it is with the system; throws what went wrong, other than EPIPE. */
  async flush(): Promise<void> {
    if (!this.broken) {
      await new Promise<void>((resolve) => {
        this.#stream.write('', () => resolve());
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Where a command writes; made once by main.ts, and by tests over streams of their own. */
export interface Io {
  readonly out: Output;
  readonly err: Writable & { isTTY?: boolean; columns?: number };
}

/** A sentence for the person at the terminal. */
export function note(io: Io, text: string): void {
  io.err.write(`tidemark: ${text}\n`);
}
