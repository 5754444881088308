// Disturbs the processes of the storm, as a machine does that is short of everything: stops one for a
// while, leaves what it reported unread, or waits between a death and the look at what it left. The
// judges must come to the same result whatever is late.
import { setTimeout as pause } from 'node:timers/promises';
import { integer } from '../support.mjs';

/** Milliseconds between two disturbances of a process, and how long one lasts. */
const MOST_BETWEEN_MS = 60;
const MOST_MS = 80;
/** One in so many is long: followers and writers wait for less than that before they look again. */
const LONG_OF = 60;
const LONG_MS = 1500;
const MOST_BEFORE_LOOK_MS = 40;

export class Disturbance {
  /** How often a process was stopped, and how often its reports were left unread. */
  stops = 0;
  delays = 0;
  #random;

  constructor(random) {
    this.#random = random;
  }

  /**
   * Until the process ends, or the function that this gives is called. `reports`: the stream that it
   * reports by.
   */
  disturb(child, reports) {
    const ended = new AbortController();
    const end = () => ended.abort();
    child.on('exit', end);
    this.#run(child, reports, ended.signal).catch((error) => {
      reports.resume();
      child.kill('SIGCONT');
      if (error.name !== 'AbortError') throw error;
    });
    return end;
  }

  async #run(child, reports, signal) {
    const random = this.#random;
    for (;;) {
      await pause(integer(random, 1, MOST_BETWEEN_MS), undefined, { signal });
      const lasts = integer(random, 1, LONG_OF) === 1 ? LONG_MS : integer(random, 1, MOST_MS);
      if (random() < 0.5) {
        this.stops += 1;
        child.kill('SIGSTOP');
        await pause(lasts, undefined, { signal });
        child.kill('SIGCONT');
      } else {
        this.delays += 1;
        reports.pause();
        await pause(lasts, undefined, { signal });
        reports.resume();
      }
    }
  }

  beforeLook() {
    return pause(integer(this.#random, 0, MOST_BEFORE_LOOK_MS));
  }
}
