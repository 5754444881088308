// What every storm has: its directory, random numbers of its seed, its workers, and small helpers.
import { join } from 'node:path';
import { threadId, Worker } from 'node:worker_threads';
import { Journal, verify } from '../../../dist/index.mjs';
import { integer, seeded } from '../../campaign/support.mjs';
import { load } from '../../support/load.mjs';
import { producer } from '../../support/oracle.mjs';
import { openLedger } from './ledger.mjs';

export { Journal, verify };

export const SEGMENT_BYTES = 65_536; // the least, so that storms rotate all the time
const TEXT = 200;

/** A turn of the event loop. */
export const turn = () => new Promise(setImmediate);

/** Milliseconds; storms use them to spread what happens, never to wait for something. */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Passes when the promise is settled, unless it rejects with another than these codes. */
export async function unless(codes, promise) {
  try {
    return await promise;
  } catch (error) {
    if (!codes.includes(error?.code)) throw error;
    return undefined;
  }
}

let producers = 0;

export class Context {
  constructor({ directory, seed, scale }) {
    this.directory = directory;
    this.seed = seed;
    this.scale = scale;
    this.random = seeded(seed + 7919 * threadId);
  }

  /** So many of a thing, more or fewer as the run is long or short. */
  times(count) {
    return Math.max(1, Math.round(count * this.scale));
  }

  integer(least, most) {
    return integer(this.random, least, most);
  }

  pick(values) {
    return values[this.integer(0, values.length - 1)];
  }

  path(name) {
    return join(this.directory, name);
  }

  open(name, options = {}) {
    return Journal.open(this.path(name), {
      codec: 'json',
      segmentBytes: SEGMENT_BYTES,
      ...options,
    });
  }

  /** Appends to an open journal as somebody new; resolves with the error that ended it early. */
  load(journal, name, plan) {
    producers += 1;
    const by = producer(`${this.seed}.${threadId}.${producers}`, TEXT);
    return load(journal, { mode: 'append', window: 16, ...plan, by }, openLedger(this.path(name)));
  }

  /** A worker in a role of roles.mjs. `messages` has what it said, `next()` waits for more of it. */
  worker(role, options = {}) {
    const { directory, scale } = this;
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      workerData: { directory, scale, seed: this.integer(1, 2 ** 31), role, options },
    });
    const messages = [];
    let wake = () => {};
    const ended = new Promise((resolve) => {
      worker.on('exit', (code) => {
        messages.push({ exit: code });
        wake();
        resolve(code);
      });
    });
    const failed = new Promise((_, reject) => worker.on('error', reject));
    failed.catch(() => {});
    worker.on('message', (message) => {
      messages.push(message);
      wake();
    });
    return {
      worker,
      ended: Promise.race([ended, failed]),
      async next() {
        while (messages.length === 0) {
          const more = new Promise((resolve) => {
            wake = resolve;
          });
          await Promise.race([more, failed]);
        }
        return messages.shift();
      },
    };
  }
}
