// What beginning a new segment does to the latency of appends: segments so small that they rotate
// every few hundred commits, beside one that is never full.
import { join } from 'node:path';
import { KiB, MiB } from '../../../../test/campaign/support.mjs';
import { count, fixed, medianOf, table, timesOf } from '../markdown.mjs';
import { inRounds, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const NEVER = 1024 * MiB;
const cases = [
  { callers: 1, records: 10_000, segmentBytes: 64 * KiB },
  { callers: 64, records: 200_000, segmentBytes: MiB },
];
const name = (callers, rotates) => `${callers}-${rotates ? 'rotating' : 'never'}`;

export const rotation = {
  name: 'rotation',
  title: 'Rotation',
  async run({ directory, scale, rounds }) {
    const runs = Object.fromEntries(
      cases.flatMap(({ callers, records, segmentBytes }) =>
        [true, false].map((rotates) => [
          name(callers, rotates),
          {
            callers,
            records: Math.max(1000, Math.round(records * scale)),
            segmentBytes: rotates ? segmentBytes : NEVER,
          },
        ]),
      ),
    );
    const taken = await inRounds(rounds, Object.keys(runs), (run, round) =>
      runProcess('latency', { directory: join(directory, `${run}-${round}`), ...runs[run] }),
    );
    return { runs, rounds: taken };
  },
  section({ runs, rounds }) {
    const quantiles = ['p50', 'p99', 'p999'];
    const lines = [
      'Latency of `append` in milliseconds, of objects, each caller awaiting its own. "Beside never" is',
      'the ratio to the same callers with a segment that is never full, taken inside each round.',
    ];
    for (const { callers } of cases) {
      const rotating = name(callers, true);
      const never = name(callers, false);
      const commits = rounds.map(
        (round) => round[rotating].commits / Math.max(1, round[rotating].rotations),
      );
      lines.push(
        '',
        `### ${callers} ${callers === 1 ? 'caller' : 'callers'}`,
        '',
        `${count(runs[rotating].records)} appends; a rotation every ${medianOf(commits, count)} commits`,
        `(\`segmentBytes\` ${count(runs[rotating].segmentBytes)}).`,
        '',
        ...table(
          ['', 'never', 'rotating', 'beside never'],
          quantiles.map((quantile) => [
            quantile.replace('p999', 'p99.9'),
            medianOf(each(rounds, never, quantile), fixed(3)),
            medianOf(each(rounds, rotating, quantile), fixed(3)),
            timesOf(ratios(rounds, rotating, never, quantile)),
          ]),
        ),
      );
    }
    return lines;
  },
  targets: () => [],
};
