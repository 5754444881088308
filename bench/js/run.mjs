// `npm run bench`: tidemark beside its peers in one interleaved run. Each round runs every system
// and case once, each in a process of its own on the same file system; the order of the systems
// rotates from round to round; the first fifth of the rounds is thrown away. Ratios are taken inside
// a round, where the machine was the same for both. Writes results/js.json and docs/benchmarks.md.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases, systems } from './cases.mjs';
import { load, machine } from './machine.mjs';
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
    // Prints the figures of a run with other settings instead of writing them.
    print: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const chosenSystems = options.systems.split(',');
const chosenCases = options.cases.split(',');

if (!existsSync(join(root, 'dist', 'index.mjs'))) {
  console.error('dist/ is not built; type: npm run build');
  process.exit(1);
}
if (!existsSync(join(here, 'node_modules', 'lmdb'))) {
  console.error('installing the peers of bench/js/package-lock.json (npm ci)');
  const { status } = spawnSync('npm', ['ci'], { cwd: here, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

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
const results = [];
try {
  for (let round = 0; round < rounds; round += 1) {
    const begin = load();
    const figures = [];
    for (const [index, caseName] of chosenCases.entries()) {
      const shift = (round + index) % chosenSystems.length;
      const order = [...chosenSystems.slice(shift), ...chosenSystems.slice(0, shift)];
      for (const system of order) {
        const directory = join(base, `${round}-${caseName}-${system}`);
        mkdirSync(directory);
        figures.push(await runChild(system, caseName, directory));
      }
    }
    results.push({ round, load: begin, figures });
    console.error(`round ${round + 1} of ${rounds}, load average ${begin}`);
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
