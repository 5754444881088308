// The storms by name: what each does, the exit code that it ends with, and what its runtime needs.
import * as ends from './ends.mjs';
import * as together from './together.mjs';

/** Those in which the runtime does as much as we do: for the short form on the other runtimes. */
export const ofTheRuntime = [
  ...['reads', 'follows', 'terminations', 'last-handles', 'calls', 'worker-exits', 'exits'],
  ...['last-words', 'abandons'],
];

/** Those that end workers from outside, in the middle of what they do. */
export const ofTermination = ['terminations', 'last-handles', 'calls'];

export const storms = {
  appends: { run: together.appends, about: 'all ways to append, six handles in a thread' },
  reads: { run: together.reads, about: 'readers of every kind, left, aborted, closed' },
  follows: { run: together.follows, about: 'followers here, in workers, read-only' },
  keepers: { run: together.keepers, about: 'cursors, truncation, retention, snapshots' },
  churns: { run: together.churns, about: 'opens and closes in several threads' },
  workers: { run: together.workers, about: 'four workers share a journal' },
  locks: { run: together.locks, about: 'directory locks and atomic files in workers' },
  terminations: { run: ends.terminations, about: 'worker.terminate() at any moment' },
  'last-handles': { run: ends.lastHandles, about: 'worker.terminate() of the last handle' },
  calls: { run: ends.calls, about: 'worker.terminate() in the middle of a call' },
  'worker-exits': { run: ends.workerExits, about: 'process.exit() in workers' },
  'worker-throws': { run: ends.workerThrows, about: 'uncaught exceptions in workers' },
  exits: { run: ends.exits, code: 7, about: 'process.exit() while everybody is busy' },
  'last-words': { run: ends.exitsWithLastWords, code: 7, about: 'an exit handler that appends' },
  throws: { run: ends.throws, code: 1, about: 'an uncaught exception while everybody is busy' },
  'throws-in-worker': { run: ends.throwsInWorker, code: 1, about: 'an exception nobody hears' },
  abandons: { run: ends.abandons, about: 'handles without a close, collected' },
};
