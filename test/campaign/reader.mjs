// The long form of test/fuzz/damaged.test.ts: damaged journals, read by the package and by the reader
// that is written from the pages alone. The reader is TypeScript, so that vitest runs it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const casesAtOnce = 500;
const mostMilliseconds = 30 * 60_000;

function runCases(seed, cases, report) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', 'main', 'test/fuzz/damaged.test.ts'],
    {
      cwd: root,
      encoding: 'utf8',
      timeout: mostMilliseconds,
      env: {
        ...process.env,
        TIDEMARK_READER_SEED: String(seed),
        TIDEMARK_READER_CASES: String(cases),
        TIDEMARK_READER_REPORT: report,
      },
    },
  );
  if (error !== undefined) throw error;
  const result = JSON.parse(readFileSync(report, 'utf8'));
  if (status !== 0 && result.wrong.length === 0) throw new Error(`vitest failed: ${stderr}`);
  return result;
}

export async function reader({
  cases,
  seed,
  directory,
  deadline = Infinity,
  saved,
  log = () => {},
}) {
  const figures = saved?.read() ?? { seed, cases: 0, counts: {}, wrong: [] };
  while (figures.cases < cases) {
    if (Date.now() > deadline) return { unfinished: true };
    const count = Math.min(casesAtOnce, cases - figures.cases);
    const { counts, wrong } = runCases(seed + figures.cases, count, join(directory, 'reader.json'));
    for (const [what, number] of Object.entries(counts)) {
      figures.counts[what] = (figures.counts[what] ?? 0) + number;
    }
    figures.wrong.push(...wrong);
    figures.cases += count;
    saved?.write(figures);
    log(`${figures.cases} cases, ${figures.wrong.length} disagreements`);
  }
  const claims = [
    {
      claim: 'package and independent reader say the same of every damaged journal',
      holds: figures.wrong.length === 0,
      measured: figures.wrong.length,
      bound: 0,
    },
  ];
  return { figures, claims };
}

/** Markdown. */
export function readerTable({ cases, counts }) {
  const rows = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${cases.toLocaleString('en-US')} damaged journals.`,
    '',
    '| what | journals |',
    '| --- | --- |',
    ...rows.map(([what, count]) => `| ${what} | ${count.toLocaleString('en-US')} |`),
  ];
}
