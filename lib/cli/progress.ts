// One line that is written over, where standard error is a terminal; nothing where it is not.

import type { Io } from './output';

const redrawMs = 100;
const defaultColumns = 80;

export class Progress {
  readonly #io: Io;
  readonly #enabled: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(io: Io) {
    this.#io = io;
    this.#enabled = io.err.isTTY === true;
  }

  /** `text` is only asked for when the line is drawn again. */
  update(text: () => string): void {
    if (!this.#enabled) return;
    const now = performance.now();
    if (now - this.#drawnAt < redrawMs) return;
    this.#drawnAt = now;
    this.#drawn = true;
    const line = text().slice(0, (this.#io.err.columns ?? defaultColumns) - 1);
    this.#io.err.write(`\r\x1b[K${line}`);
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#drawn) this.#io.err.write('\r\x1b[K');
    this.#drawn = false;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }
}

/** `[#####.....]  50 %` */
export function bar(done: number, total: number, size = 30): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(share * size);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `[${'#'.repeat(filled)}${'.'.repeat(size - filled)}] ${percent}`;
}
