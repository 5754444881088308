// How long the event loop lets wait who is due. `perf_hooks.monitorEventLoopDelay` counts its ticks: a
// loop that does not turn at all has none, and looks idle. Here each moment counts the same: the
// figures are of the wait of a timer that falls due at a random moment.
import { performance } from 'node:perf_hooks';

const TICK_MS = 1;

/**
 * The wait that the part `q` of all moments does not exceed. In a gap between two ticks a moment waits
 * for the rest of it, so that longer waits than `x` make up the sum of all `gap - x` above 0.
 */
export function waitQuantile(gaps, q) {
  const descending = [...gaps].sort((a, b) => b - a);
  const rest = (1 - q) * descending.reduce((sum, gap) => sum + gap, 0);
  let sum = 0;
  for (const [index, gap] of descending.entries()) {
    sum += gap;
    const wait = (sum - rest) / (index + 1);
    if (wait >= (descending[index + 1] ?? 0)) return wait;
  }
  return Number.NaN;
}

export class LoopDelay {
  #gaps = [];
  #last = 0;
  #timer;

  start() {
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The gap that has not ended counts as well. */
  stop() {
    this.#tick();
    clearInterval(this.#timer);
  }

  #tick() {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
  }

  /** Milliseconds. */
  quantile(q) {
    return waitQuantile(this.#gaps, q);
  }
}
