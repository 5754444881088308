// Opening 10 million records in 16 segments, beside 10,000 records in as many.
import { median } from '../../../../test/campaign/support.mjs';
import { count, fixed, medianOf, table } from '../markdown.mjs';
import { inRounds, openJournal, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const OPENS = 5;
const MOST_MS = 20;
const MOST_TIMES = 2;
const sizes = ['few', 'many'];

async function openClean({ directory }) {
  const opens = [];
  for (let turn = 0; turn < OPENS; turn += 1) opens.push(await openJournal(directory));
  if (opens.some(({ path }) => path !== 'clean')) throw new Error('the open was not clean');
  return {
    milliseconds: median(opens.map(({ milliseconds }) => milliseconds)),
    bytesRead: Math.max(...opens.map(({ bytesRead }) => bytesRead)),
    segments: opens[0].segments.length,
  };
}

async function openKilled({ directory }) {
  const appending = { directory, callers: 64, records: 64, warm: false, killed: true };
  await runProcess('append', appending, { kill: true });
  const { path, milliseconds, bytesRead, segments } = await openJournal(directory);
  if (path !== 'recovered') throw new Error('the open did not recover');
  return { milliseconds, bytesRead, segments: segments.length };
}

export const open = {
  name: 'open',
  title: 'Opening',
  async run({ corpus, rounds }) {
    const journals = { many: await corpus.objects(), few: await corpus.few() };
    // Behind each unclean end writing goes on in a new segment: clean opens come first.
    const rounded = (open) => inRounds(rounds, sizes, (which) => open(journals[which]));
    const clean = await rounded(openClean);
    const killed = await rounded(openKilled);
    const records = { many: journals.many.records, few: journals.few.records };
    return { records, opens: OPENS, clean, killed };
  },
  section({ records, opens, clean, killed }) {
    return [
      `Each round takes the median of ${opens} opens after a clean close, each the first of its process;`,
      'later rounds one open after kill -9 in the middle of appending, behind which writing goes on in a',
      'new segment. The files are in the page cache, as far as tidemark reads through it.',
      '',
      ...table(
        ['records', 'end', 'segments', 'open, ms', 'bytes read'],
        Object.entries({ 'clean close': clean, 'kill -9': killed }).flatMap(([end, rounds]) =>
          sizes.map((which) => [
            count(records[which]),
            end,
            medianOf(each(rounds, which, 'segments'), count),
            medianOf(each(rounds, which, 'milliseconds'), fixed(1)),
            medianOf(each(rounds, which, 'bytesRead'), count),
          ]),
        ),
      ),
    ];
  },
  targets({ records, clean }) {
    const [{ many, few }] = clean;
    return [
      {
        what: `open after a clean close, ${count(records.many)} records in ${many.segments} segments`,
        atMost: MOST_MS,
        values: each(clean, 'many', 'milliseconds'),
        format: fixed(1),
        unit: ' ms',
      },
      {
        what: `the same beside ${count(records.few)} records in ${few.segments} segments`,
        atMost: MOST_TIMES,
        values: ratios(clean, 'many', 'few', 'milliseconds'),
        format: fixed(2),
        unit: '×',
      },
    ];
  },
};
