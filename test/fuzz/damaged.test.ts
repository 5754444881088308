// The package against the independent reader, on journals that are damaged in every way there is.
//   TIDEMARK_READER_SEED=<n>    begins with the case of this seed
//   TIDEMARK_READER_CASES=<n>   so many cases
//   TIDEMARK_READER_REPORT=<f>  writes what was counted, as JSON
import { writeFileSync } from 'node:fs';
import { SimulatedDisk } from 'tidemark/testing';
import { expect, it } from 'vitest';
import { disagreements } from './damage/compare.ts';
import { damage } from './damage/mutations.ts';
import { askNative } from './damage/native.ts';
import { Random } from './damage/random.ts';
import { makeSpecimens, type Specimen, writeFiles } from './damage/specimens.ts';
import { readJournal } from './reader/journal.ts';

const { env } = process;
// The same cases in each test run; the campaign goes on from them.
const seed = Number(env.TIDEMARK_READER_SEED ?? 1);
const cases = Number(env.TIDEMARK_READER_CASES ?? 400);
const mostShown = 10;
const directory = '/journal';

async function judge(random: Random, [specimen, other]: [Specimen, Specimen]) {
  const { files, what } = damage(random, specimen, other);
  const reading = readJournal(files);
  const disk = new SimulatedDisk({ seed: 1 });
  await disk.fs.mkdir(directory);
  await writeFiles(disk, files);
  const native = await disk.run(() => askNative(directory));
  return { what, reading, found: disagreements(reading, native) };
}

it(
  'an independent reader says the same of a damaged journal as the package',
  async () => {
    console.info(`TIDEMARK_READER_SEED=${seed}`);
    const specimens = await makeSpecimens();
    for (const [specimen] of specimens) {
      expect(readJournal(specimen.files).problems, specimen.name).toEqual([]);
    }
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    const wrong: string[] = [];
    for (let number = seed; number < seed + cases && wrong.length < mostShown; number += 1) {
      const random = new Random(number);
      const pair = random.of(specimens);
      const { what, reading, found } = await judge(random, pair);
      for (const each of what) count(`damage: ${each}`);
      count(`outcome: ${reading.outcome}`);
      if (reading.row !== undefined) count(`row: ${reading.row}`);
      for (const each of new Set(reading.problems.map((problem) => problem.what)))
        count(`problem: ${each}`);
      if (found.length === 0) continue;
      wrong.push(`seed ${number}, ${pair[0].name}, ${what.join(' + ')}:\n  ${found.join('\n  ')}`);
    }
    if (env.TIDEMARK_READER_REPORT !== undefined) {
      writeFileSync(
        env.TIDEMARK_READER_REPORT,
        JSON.stringify({ counts: Object.fromEntries(counts), wrong }),
      );
    }
    expect(wrong.join('\n')).toBe('');
  },
  Math.max(120_000, cases * 2000),
);
