// Followers beside a writer: what they cost it, and when they see a record.
import { join } from 'node:path';
import { fixed, medianOf, rate, table, timesOf } from '../markdown.mjs';
import { inRounds, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const COUNTS = [1, 4, 16];
const CALLERS = 64;
const WARM_MS = 600;
const MEASURED_MS = 1000;
const PACED = 200;
const NONE = 'none';
const places = { here: 'in the writer’s thread', elsewhere: 'in one other process' };

export const followers = {
  name: 'followers',
  title: 'Followers',
  async run({ directory, scale, rounds }) {
    const shorter = Math.min(1, Math.max(scale, 0.2));
    const input = {
      callers: CALLERS,
      warmMs: WARM_MS * shorter,
      measuredMs: MEASURED_MS * shorter,
      paced: Math.round(PACED * shorter),
    };
    const runs = {
      [NONE]: { where: 'here', count: 0 },
      ...Object.fromEntries(
        Object.keys(places).flatMap((where) =>
          COUNTS.map((count) => [`${where}-${count}`, { where, count }]),
        ),
      ),
    };
    const taken = await inRounds(rounds, Object.keys(runs), (run, round) => {
      const place = join(directory, `${run}-${round}`);
      return runProcess('follow', { directory: place, ...runs[run], ...input });
    });
    return { ...input, runs, rounds: taken };
  },
  section({ callers, paced, runs, rounds }) {
    const line = ([run, { where, count }]) => {
      const first = count === 0 ? 'no follower' : `${count} ${places[where]}`;
      const written = medianOf(each(rounds, run, 'perSecond'), rate);
      if (count === 0) return [first, written, '', '', '', ''];
      return [
        first,
        written,
        timesOf(ratios(rounds, run, NONE, 'perSecond')),
        medianOf(each(rounds, run, 'catchUpMs'), fixed(1)),
        medianOf(each(rounds, run, 'lagP50'), fixed(2)),
        medianOf(each(rounds, run, 'lagP99'), fixed(2)),
      ];
    };
    return [
      `First ${callers} callers append objects as fast as they can, each awaiting its own; how long the`,
      'slowest follower needs behind the last of them to have seen everything is "catching up". Then',
      `${paced} appends come one at a time with pauses of 0 to 8 ms; the lag is from the`,
      'acknowledgement to the moment a follower has the record.',
      '',
      ...table(
        [
          'followers',
          'writer, records/s',
          'beside none',
          'catching up, ms',
          'lag p50, ms',
          'lag p99, ms',
        ],
        Object.entries(runs).map(line),
      ),
    ];
  },
  targets: () => [],
};
