// `npm run bench:growth`: how costs grow with the journal, with threads and with followers, and how fast
// is read. Writes bench/results/growth.json and docs/benchmarks-growth.md; about ten minutes.
//   --parts a,b   some of them (default all)
//   --rounds N    of what is compared (default 5)
//   --scale S     numbers of records times S, for trying it out (default 1)
//   --dir D       where the files are made (default build/bench)
//   --print       prints the page and writes nothing
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCorpus } from './growth/corpus.mjs';
import { parts } from './growth/parts.mjs';
import { ownSeconds } from './growth/processes.mjs';
import { growthReport } from './growth/report.mjs';
import { installPeers } from './install.mjs';
import { load, machine } from './machine.mjs';
import { othersSince } from './quiet.mjs';

const here = import.meta.dirname;
const root = dirname(dirname(here));
if (!existsSync(join(root, 'dist', 'index.mjs'))) {
  console.error('dist/ is not built; type: npm run build');
  process.exit(1);
}
if (!installPeers()) process.exit(1);

const { values: options } = parseArgs({
  options: {
    parts: { type: 'string', default: parts.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    dir: { type: 'string', default: join(root, 'build', 'bench') },
    print: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const scale = Number(options.scale);
const names = options.parts.split(',');
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown}; there are ${parts.map(({ name }) => name).join(', ')}`);
  process.exit(64);
}

const secondsSince = (begin) => Math.round((Date.now() - begin) / 1000);

async function take(part, base, corpus) {
  const directory = join(base, part.name);
  mkdirSync(directory);
  const begin = Date.now();
  const before = load();
  const others = othersSince();
  const own = ownSeconds();
  const figures = await part.run({ directory, scale, rounds, corpus, log: console.error });
  const share = Math.round(others(ownSeconds() - own) * 100) / 100;
  rmSync(directory, { recursive: true });
  console.error(`${part.name}: ${secondsSince(begin)} s, others ${Math.round(share * 100)} %`);
  return { seconds: secondsSince(begin), load: [before, load()], others: share, figures };
}

mkdirSync(options.dir, { recursive: true });
const base = mkdtempSync(join(options.dir, 'growth-'));
const started = new Date();
const taken = {};
try {
  mkdirSync(join(base, 'corpus'));
  const corpus = makeCorpus({ directory: join(base, 'corpus'), scale, log: console.error });
  for (const part of parts.filter(({ name }) => names.includes(name))) {
    taken[part.name] = await take(part, base, corpus);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}

const lock = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')).packages;
const peers = ['@node-rs/crc32', 'lmdb', 'msgpackr'];
const run = {
  command: [
    'npm run bench:growth',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' '),
  date: started.toISOString(),
  seconds: secondsSince(started.getTime()),
  machine: machine(options.dir),
  versions: Object.fromEntries(peers.map((name) => [name, lock[`node_modules/${name}`].version])),
  settings: { rounds, scale },
  parts: taken,
};
if (options.print) {
  process.stdout.write(growthReport(run));
} else {
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(join(root, 'bench', 'results', 'growth.json'), `${JSON.stringify(run)}\n`);
  writeFileSync(join(root, 'docs', 'benchmarks-growth.md'), growthReport(run));
  console.error('wrote bench/results/growth.json and docs/benchmarks-growth.md');
}
