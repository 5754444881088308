// What tidemark is to reach, and whether a run reached it. Each is a comparison with another system in
// the same round.
import { difference, ratio } from './figures.mjs';

const RATE = { figure: 'perSecond', of: 'records/s' };
const MEDIAN = { figure: 'p50', of: 'p50' };

/** `atLeast`, `atMost` or `below`, with the stretch of it; a ratio unless `isDifference`. */
export const targets = [
  { case: 'objects-1', against: 'raw-disk', ...MEDIAN, atMost: 1.35, stretch: 1.2 },
  { case: 'objects-1', against: 'group-commit', ...MEDIAN, atMost: 0.75 },
  { case: 'objects-1', against: 'better-sqlite3', ...MEDIAN, atMost: 1.1 },
  { case: 'objects-64', against: 'group-commit', ...RATE, atLeast: 1.8, stretch: 2.2 },
  { case: 'objects-64', against: 'lmdb', ...RATE, atLeast: 1.8, stretch: 2.2 },
  { case: 'objects-1024', against: 'group-commit', ...RATE, atLeast: 2, stretch: 2.4 },
  { case: 'objects-1024', against: 'lmdb', ...RATE, atLeast: 2, stretch: 2.4 },
  { case: 'objects-1024', against: 'no-io', ...RATE, atLeast: 0.7, stretch: 0.8 },
  { case: 'objects-16384', against: 'group-commit', ...RATE, atLeast: 1.5, stretch: 1.7 },
  { case: 'objects-16384', against: 'lmdb', ...RATE, atLeast: 1.5, stretch: 1.7 },
  { case: 'objects-16384', against: 'no-io', ...RATE, atLeast: 0.82, stretch: 0.9 },
  { case: 'binary-1024', against: 'group-commit', ...RATE, atLeast: 1.7, stretch: 2.2 },
  { case: 'batch-64', against: 'better-sqlite3', ...RATE, atLeast: 1.2, stretch: 1.6 },
  { case: 'batch-1000', against: 'better-sqlite3', ...RATE, atLeast: 1.2, stretch: 1.6 },
  { case: 'batch-1000x8', against: 'no-io', ...RATE, atLeast: 0.75, stretch: 0.9 },
  { case: 'binary-64k', against: 'raw-loop', ...RATE, atLeast: 0.85, stretch: 0.95 },
  { case: 'binary-1m', against: 'raw-loop', ...RATE, atLeast: 0.85, stretch: 0.95 },
  {
    case: 'objects-1024',
    against: 'no-io',
    figure: 'threadCpuMicros',
    of: 'µs of the main thread a record',
    isDifference: true,
    atMost: 0.15,
    stretch: 0.08,
  },
  ...['group-commit', 'lmdb', 'better-sqlite3'].map((against) => ({
    case: 'objects-16384',
    against,
    figure: 'loopDelayP99',
    of: 'p99 of the event-loop delay',
    below: 1,
  })),
];

const reaches = ({ atLeast, below }, value, limit) => {
  if (atLeast !== undefined) return value >= limit;
  return below !== undefined ? value < limit : value <= limit;
};

/** How far the median lies on the wrong side, in words. */
function missedBy({ isDifference }, value, limit) {
  if (isDifference) return `${Math.abs(value - limit).toFixed(3)} µs`;
  return `${((Math.abs(value - limit) / limit) * 100).toFixed(1)} %`;
}

/** `measured` is undefined, and the verdict 'not measured', where the run does not have both. */
export function judge(run, target) {
  const compare = target.isDifference ? difference : ratio;
  const measured = compare(run, target.case, target.against, target.figure);
  if (!measured) return { verdict: 'not measured' };
  const { median } = measured;
  const limit = target.atLeast ?? target.atMost ?? target.below;
  if (!reaches(target, median, limit)) {
    return { measured, met: false, verdict: `**missed** by ${missedBy(target, median, limit)}` };
  }
  const stretched = target.stretch !== undefined && reaches(target, median, target.stretch);
  return { measured, met: true, verdict: stretched ? 'met, and the stretch' : 'met' };
}
