// A scan of very many targets: what one more mark costs, beside that of a small scan, and beside the
// way of scanstate, which writes the sorted set of all targets anew with each save.
import { join } from 'node:path';
import { claim, runChild } from './support.mjs';

const MOST_RATIO = 1.5;
const MANY_MARKS = 200;

export async function scanMarks({ directory, targets, few, marks, log = () => {} }) {
  const results = [];
  for (const count of [few, targets]) {
    for (const form of ['scan', 'rewriting']) {
      const place = join(directory, `${form}-${count}`);
      const input = { directory: place, targets: count, marks };
      results.push({ form, targets: count, ...(await runChild(`marks-${form}`, input)) });
      log(`${count} targets, ${form}: ${results.at(-1).mark.p50Ms} ms a mark`);
    }
  }
  const of = (count) => results.find((one) => one.form === 'scan' && one.targets === count);
  const cpu = of(targets).cpuMsPerMark / of(few).cpuMsPerMark;
  const counted = results.every((one) => one.complete === one.targets + one.marked);
  return {
    figures: { marks, results },
    claims: [
      claim('every mark is there after opening again', counted, counted, true),
      // Of a few marks it is chance.
      ...(marks < MANY_MARKS
        ? []
        : [
            claim(
              'one more mark needs the same processor time, whatever is marked',
              cpu <= MOST_RATIO,
              Math.round(cpu * 100) / 100,
              MOST_RATIO,
            ),
          ]),
    ],
  };
}

export function scanMarksTable({ marks, results }) {
  const KB = (bytes) => `${(bytes / 1e3).toFixed(1)} kB`;
  const MB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    `${marks} marks more, one after the other, each durable before the next. Rewriting is what scanstate does: the`,
    'set of all targets, sorted, as JSON, into a new file that is synced and renamed. What a scan writes has the',
    'zeros in it with which a new segment is filled ahead.',
    '',
    '| targets | form | first marks | a mark more, p50 ms | p99 ms | processor ms | written a mark | resident | on disk | open |',
    '| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...results.map(
      (one) =>
        `| ${one.targets.toLocaleString('en-US')} | ${one.form} | ${one.fillSeconds} s | ${one.mark.p50Ms} | ` +
        `${one.mark.p99Ms} | ${one.cpuMsPerMark} | ${KB(one.writtenPerMark)} | ${MB(one.residentBytes)} | ` +
        `${MB(one.diskBytes)} | ${Math.round(one.openMs)} ms |`,
    ),
  ];
}
