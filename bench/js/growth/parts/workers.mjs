// Worker threads that share one journal.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { count, fixed, medianOf, rate, table, timesOf } from '../markdown.mjs';
import { inRounds, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const COUNTS = [1, 2, 4, 8];
const CALLERS = 128;
/** Of a processor, for each thread: each compiles its code by itself. */
const WARM_MS = 1200;
const MEASURED_MS = 1500;
const LEAST_TIMES = 1.5;

export const workers = {
  name: 'workers',
  title: 'Worker threads',
  async run({ directory, scale, rounds }) {
    const shorter = Math.min(1, Math.max(scale, 0.2));
    const input = {
      callers: CALLERS,
      warmMs: WARM_MS * shorter,
      measuredMs: MEASURED_MS * shorter,
    };
    const taken = await inRounds(rounds, COUNTS, (workers, round) =>
      runProcess('workers', {
        directory: join(directory, `${workers}-${round}`),
        workers,
        ...input,
        warmMs: input.warmMs * Math.max(1, workers / availableParallelism()),
      }),
    );
    return { ...input, counts: COUNTS, rounds: taken };
  },
  section({ callers, warmMs, measuredMs, counts, rounds }) {
    return [
      `Threads on one journal, each with ${callers} callers who await their own append of an object`,
      `(${warmMs} ms of a processor for each to warm up, then ${measuredMs} ms); the main thread only waits.`,
      '',
      ...table(
        ['workers', 'records/s', 'beside 1', 'records a commit', 'CPU µs a record'],
        counts.map((workers) => [
          workers,
          medianOf(each(rounds, workers, 'perSecond'), rate),
          workers === 1 ? '' : timesOf(ratios(rounds, workers, 1, 'perSecond')),
          medianOf(each(rounds, workers, 'recordsPerCommit'), count),
          medianOf(each(rounds, workers, 'cpuMicros'), fixed(2)),
        ]),
      ),
    ];
  },
  targets({ counts, rounds }) {
    const most = counts.at(-1);
    return [
      {
        what: `${most} workers sharing one journal, beside one worker`,
        atLeast: LEAST_TIMES,
        values: ratios(rounds, most, 1, 'perSecond'),
        format: fixed(2),
        unit: '×',
      },
    ];
  },
};
