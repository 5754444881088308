// `npm run bench`: tidemark beside its peers in one interleaved run. Each round runs every system
// and case once, each in a process of its own on the same file system; the order of the systems
// rotates from round to round; the first fifth of the rounds is thrown away. Ratios are taken inside
// a round, where the machine was the same for both. Writes results/js.json and docs/benchmarks.md.
//
// With --patience M it waits, M minutes in all, for moments in which other programs use little of the
// machine, and takes a case again in which they came back.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases, systems } from './cases.mjs';
import { installPeers } from './install.mjs';
import { load, machine } from './machine.mjs';
import { othersSince, untilQuiet } from './quiet.mjs';
import { writeReport } from './report.mjs';

const here = import.meta.dirname;
const root = dirname(dirname(here));

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    'warm-ms': { type: 'string', default: '250' },
    'measured-ms': { type: 'string', default: '800' },
    dir: { type: 'string', default: join(root, 'build', 'bench') },
    systems: { type: 'string', default: Object.keys(systems).join(',') },
    cases: { type: 'string', default: Object.keys(cases).join(',') },
    patience: { type: 'string', default: '0' },
    // Prints the figures of a run with other settings instead of writing them.
    print: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
/** More than this share of the processors for other programs is no quiet machine. */
const QUIET_SHARE = 0.1;
const chosenSystems = options.systems.split(',');
const chosenCases = options.cases.split(',');

if (!existsSync(join(root, 'dist', 'index.mjs'))) {
  console.error('dist/ is not built; type: npm run build');
  process.exit(1);
}
if (!installPeers()) process.exit(1);

function runChild(system, caseName, directory) {
  return new Promise((resolve, reject) => {
    const args = [system, caseName, directory, options['warm-ms'], options['measured-ms']];
    const child = spawn(process.execPath, [join(here, 'child.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ system, case: caseName, ...JSON.parse(output) });
      else reject(new Error(`${system} ${caseName} ended with ${code ?? signal}`));
    });
  });
}

mkdirSync(options.dir, { recursive: true });
const started = new Date();
const base = mkdtempSync(join(options.dir, 'run-'));
let patience = Number(options.patience) * 60_000;
let repeated = 0;

/** Every system once, on one case; `others` is the share of the machine that was not ours. */
async function runCase(caseName, order, name) {
  const figures = [];
  const others = othersSince();
  for (const system of order) {
    const directory = join(base, `${name}-${system}`);
    mkdirSync(directory);
    figures.push(await runChild(system, caseName, directory));
  }
  const own = figures.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0);
  return { case: caseName, others: Math.round(others(own) * 100) / 100, figures };
}

/** The same in a quiet moment, as far as patience goes. */
async function runQuietCase(caseName, order, name) {
  for (let attempt = 0; ; attempt += 1) {
    const begin = performance.now();
    if (patience > 0) await untilQuiet(QUIET_SHARE, begin + patience);
    const waited = performance.now() - begin;
    const result = await runCase(caseName, order, `${name}-${attempt}`);
    patience -= waited;
    if (result.others <= QUIET_SHARE || patience <= 0) return result;
    patience -= performance.now() - begin - waited;
    repeated += 1;
  }
}

const results = [];
try {
  for (let round = 0; round < rounds; round += 1) {
    const begin = load();
    const taken = [];
    for (const [index, caseName] of chosenCases.entries()) {
      const shift = (round + index) % chosenSystems.length;
      const order = [...chosenSystems.slice(shift), ...chosenSystems.slice(0, shift)];
      taken.push(await runQuietCase(caseName, order, `${round}-${caseName}`));
    }
    const others = Math.max(...taken.map((one) => one.others));
    results.push({ round, load: begin, taken });
    console.error(
      `round ${round + 1} of ${rounds}, load average ${begin}, others at most ${Math.round(others * 100)} %`,
    );
    // Removing costs the file system work of its own: done and flushed before the next round.
    rmSync(base, { recursive: true });
    mkdirSync(base);
    spawnSync('sync');
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

const lock = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')).packages;
const version = (name) => lock[`node_modules/${name}`].version;
const run = {
  command: [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' '),
  date: started.toISOString(),
  seconds: Math.round((Date.now() - started.getTime()) / 1000),
  machine: machine(options.dir),
  versions: Object.fromEntries(['better-sqlite3', 'lmdb', 'msgpackr'].map((n) => [n, version(n)])),
  settings: {
    rounds,
    discardedRounds: Math.floor(rounds / 5),
    warmMs: Number(options['warm-ms']),
    measuredMs: Number(options['measured-ms']),
  },
  loadAtEnd: load(),
  repeated,
  systems: chosenSystems,
  cases: chosenCases,
  rounds: results,
};
const target = join(root, 'bench', 'results', 'js.json');
if (options.print) {
  process.stdout.write(writeReport(run));
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(run)}\n`);
  writeFileSync(join(root, 'docs', 'benchmarks.md'), writeReport(run));
  console.error('wrote bench/results/js.json and docs/benchmarks.md');
}
