// `npm run bench`: tidemark beside its peers in one interleaved run. Each round runs every system
// and case once, each in a process of its own on the same file system; the order of the systems
// rotates from round to round. Ratios are taken inside a round, where the machine was the same for
// both. Writes results/js.json, docs/benchmarks.md and its charts.
//
// With --patience M it waits, M minutes in all, for moments in which other programs use little of the
// machine, and takes a case again in which they came back. --scale 0.1 makes a tenth of the records,
// and the page says that it was a short run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases, systems } from './cases.mjs';
import { installPeers } from './install.mjs';
import { load, machine } from './machine.mjs';
import { runSystem } from './processes.mjs';
import { othersSince, untilQuiet } from './quiet.mjs';
import { page, writeReport } from './report.mjs';
import { countedSyncs } from './syncs.mjs';
import { versions } from './versions.mjs';

const root = dirname(dirname(import.meta.dirname));

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    // Of the records of every case, and of the time that the slow systems get.
    scale: { type: 'string', default: '1' },
    'limit-seconds': { type: 'string', default: '8' },
    'slow-seconds': { type: 'string', default: '2' },
    dir: { type: 'string', default: join(root, 'build', 'bench') },
    systems: { type: 'string', default: Object.keys(systems).join(',') },
    cases: { type: 'string', default: Object.keys(cases).join(',') },
    patience: { type: 'string', default: '0' },
    // Leaves out the short runs under strace.
    'no-strace': { type: 'boolean', default: false },
    // Prints the page of a run with other settings instead of writing it.
    print: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const scale = Number(options.scale);
/** More than this share of the processors for other programs is no quiet machine. */
const QUIET_SHARE = 0.1;
/** Of the slow systems, less than this says nothing; a smaller scale makes it no shorter. */
const SHORTEST_SECONDS = 1;
const slowSeconds = Math.max(
  SHORTEST_SECONDS,
  Number(options['slow-seconds']) * Math.min(1, scale),
);
/** So many turns of all callers at least, whatever the scale: a fifth of them is not counted. */
const LEAST_TURNS = 6;
const chosenSystems = options.systems.split(',');
const chosenCases = options.cases.split(',');

if (!existsSync(join(root, 'dist', 'index.mjs'))) {
  console.error('dist/ is not built; type: npm run build');
  process.exit(1);
}
if (!installPeers()) process.exit(1);

mkdirSync(options.dir, { recursive: true });
const started = new Date();
const base = mkdtempSync(join(options.dir, 'run-'));
let patience = Number(options.patience) * 60_000;
let repeated = 0;

function amountOf(caseName, system) {
  const { callers, perCall = 1, records } = cases[caseName];
  const seconds = systems[system].slow ? slowSeconds : Number(options['limit-seconds']);
  return {
    records: Math.max(LEAST_TURNS * callers * perCall, Math.round(records * scale)),
    limitMs: seconds * 1000,
  };
}

/** Every system once, on one case; `others` is the share of the machine that was not ours. */
async function runCase(caseName, order) {
  const figures = [];
  const others = othersSince();
  for (const system of order) {
    const directory = join(base, system);
    mkdirSync(directory);
    const job = { system, case: caseName, directory, ...amountOf(caseName, system) };
    figures.push(await runSystem(job));
  }
  const own = figures.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0);
  const share = Math.round(others(own) * 100) / 100;
  // Removing costs the file system work of its own: done and flushed before the next case.
  for (const system of order) rmSync(join(base, system), { recursive: true });
  spawnSync('sync');
  return { case: caseName, others: share, figures };
}

/** The same in a quiet moment, as far as patience goes. */
async function runQuietCase(caseName, order) {
  for (;;) {
    const begin = performance.now();
    if (patience > 0) await untilQuiet(QUIET_SHARE, begin + patience);
    const waited = performance.now() - begin;
    const result = await runCase(caseName, order);
    patience -= waited;
    if (result.others <= QUIET_SHARE || patience <= 0) return result;
    patience -= performance.now() - begin - waited;
    repeated += 1;
  }
}

const results = [];
let syncs = { missing: 'it was left out (--no-strace)', counted: [] };
try {
  if (!options['no-strace']) syncs = await countedSyncs(chosenCases, chosenSystems, base);
  for (let round = 0; round < rounds; round += 1) {
    const begin = load();
    const taken = [];
    for (const [index, caseName] of chosenCases.entries()) {
      const own = cases[caseName].systems.filter((system) => chosenSystems.includes(system));
      const shift = (round + index) % own.length;
      taken.push(await runQuietCase(caseName, [...own.slice(shift), ...own.slice(0, shift)]));
    }
    const others = Math.max(...taken.map((one) => one.others));
    results.push({ round, load: begin, taken });
    console.error(
      `round ${round + 1} of ${rounds}, load average ${begin}, others at most ${Math.round(others * 100)} %`,
    );
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

const run = {
  command: [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' '),
  date: started.toISOString(),
  seconds: Math.round((Date.now() - started.getTime()) / 1000),
  machine: machine(options.dir),
  versions: versions(chosenSystems),
  settings: {
    rounds,
    scale,
    limitSeconds: Number(options['limit-seconds']),
    slowSeconds,
  },
  loadAtEnd: load(),
  repeated,
  systems: chosenSystems,
  cases: chosenCases,
  syncs,
  rounds: results,
};
if (options.print) {
  process.stdout.write(page(run));
} else {
  const target = join(root, 'bench', 'results', 'js.json');
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(run)}\n`);
  writeReport(run, join(root, 'docs'));
  console.error('wrote bench/results/js.json, docs/benchmarks.md and docs/benchmarks/*.svg');
}
