// What grows with the journal: the cost of an append, and the time of an open after a clean close and
// after kill -9. The largest journal is filled once and grows by what the rounds append.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { count, fixed, medianOf, table, timesOf } from '../markdown.mjs';
import { inRounds, openJournal, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000];
const CALLERS = 1024;
const APPENDED = 200_000;

async function take(directory) {
  await openJournal(directory);
  const clean = await openJournal(directory);
  const appended = await runProcess(
    'append',
    { directory, callers: CALLERS, records: APPENDED, killed: true },
    { kill: true },
  );
  const killed = await openJournal(directory);
  if (clean.path !== 'clean' || killed.path !== 'recovered') {
    throw new Error(`opened as ${clean.path} and as ${killed.path}`);
  }
  return {
    microsPerRecord: appended.microsPerRecord,
    cpuMicros: appended.cpuMicros,
    cleanMs: clean.milliseconds,
    killedMs: killed.milliseconds,
    killedBytesRead: killed.bytesRead,
  };
}

export const size = {
  name: 'size',
  title: 'Size of the journal',
  async run({ directory, scale, rounds, log }) {
    const sizes = [...new Set(SIZES.map((records) => Math.max(1000, Math.round(records * scale))))];
    const largest = join(directory, 'largest');
    await runProcess('fill', { directory: largest, records: sizes.at(-1) });
    log(`${sizes.at(-1)} objects filled`);
    const taken = await inRounds(rounds, sizes, async (records) => {
      if (records === sizes.at(-1)) return take(largest);
      const place = join(directory, `${records}`);
      await runProcess('fill', { directory: place, records });
      const figures = await take(place);
      for (const path of [place, `${place}-warm`]) rmSync(path, { recursive: true });
      return figures;
    });
    return { sizes, callers: CALLERS, appended: APPENDED, rounds: taken };
  },
  section({ sizes, callers, appended, rounds }) {
    return [
      `${count(callers)} callers append ${count(appended)} objects to a journal that has so many`,
      'already; each size in a process of its own, which is then killed in the middle of appending. The',
      'open after that reads at most the last segment (64 MiB here). Opens are the first of their',
      'process, with the files in the page cache, as far as tidemark reads through it.',
      '',
      ...table(
        [
          'records',
          'append, µs a record',
          `beside ${count(sizes[0])}`,
          'CPU µs a record',
          'open after a clean close, ms',
          'open after kill -9, ms',
        ],
        sizes.map((records) => [
          count(records),
          medianOf(each(rounds, records, 'microsPerRecord'), fixed(2)),
          records === sizes[0] ? '' : timesOf(ratios(rounds, records, sizes[0], 'microsPerRecord')),
          medianOf(each(rounds, records, 'cpuMicros'), fixed(2)),
          medianOf(each(rounds, records, 'cleanMs'), fixed(1)),
          medianOf(each(rounds, records, 'killedMs'), fixed(1)),
        ]),
      ),
    ];
  },
  targets: () => [],
};
