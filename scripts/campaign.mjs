// `npm run campaign -- --minutes N`: the measurements that take too long for the tests. Each part
// writes its figures to docs/reliability/<part>.json when it ends, and docs/campaign.md and
// docs/reliability.md are made of them. A part whose figures are there, of these very sources and sizes, is not run again: a campaign
// that was stopped, or ran out of minutes, goes on where it was. A part that is `resumable` is begun
// however little time is left, and goes on from what it saved.
//   --minutes N    begin no part that would end later than N minutes from now (default 15)
//   --only a,b     some of the parts
//   --again        also those whose figures are there
//   --dir D        where the journals are made (default build/campaign)
//   --list         names the parts
// Exits with 1 when something that must hold does not.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, machine } from '../bench/js/machine.mjs';
import { inTemporary } from '../test/campaign/support.mjs';
import { writeCampaignPages } from './campaign-page.mjs';
import { root } from './tools.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    only: { type: 'string' },
    again: { type: 'boolean', default: false },
    dir: { type: 'string', default: join(root, 'build', 'campaign') },
    list: { type: 'boolean', default: false },
  },
});
if (!existsSync(join(root, 'dist', 'index.mjs'))) {
  console.error('dist/ is not built; type: npm run build');
  process.exit(1);
}
const { parts } = await import('../test/campaign/parts.mjs');
if (options.list) {
  for (const { name, about, minutes } of parts) {
    console.log(`${name.padEnd(16)} ${about}, about ${minutes} min`);
  }
  process.exit(0);
}
const wanted = options.only?.split(',');
const unknown = wanted?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
const limit = Number(options.minutes) * 60_000;
if (unknown.length > 0 || !(limit > 0)) {
  console.error(unknown.length > 0 ? `no such part: ${unknown}` : '--minutes must be above 0');
  process.exit(64);
}

const packageSources = ['lib', 'native', 'test/campaign', 'test/support'];

/** Of everything that the figures come from: the package and the tests of the part, or `of` alone. */
function sourceDigest({ sources = [], of = [...packageSources, ...sources] }) {
  const hash = createHash('sha256');
  for (const top of of) {
    const names = readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const name of names) hash.update(name.slice(root.length)).update(readFileSync(name));
  }
  return hash.digest('hex').slice(0, 16);
}

const directory = join(root, 'docs', 'reliability');
mkdirSync(directory, { recursive: true });
const deadline = Date.now() + limit;

/** What a resumable part has saved so far, of these very sources and sizes. */
function savedOf(part) {
  const path = join(options.dir, `${part.name}.saved.json`);
  const same = { source: sourceDigest(part), sizes: part.sizes };
  const key = JSON.stringify(same);
  return {
    read() {
      if (options.again || !existsSync(path)) return undefined;
      const { value, ...of } = JSON.parse(readFileSync(path, 'utf8'));
      return JSON.stringify(of) === key ? value : undefined;
    },
    write(value) {
      mkdirSync(options.dir, { recursive: true });
      writeFileSync(`${path}.new`, JSON.stringify({ ...same, value }));
      renameSync(`${path}.new`, path);
    },
    forget: () => rmSync(path, { force: true }),
  };
}

let broken = 0;
for (const part of parts.filter(({ name }) => wanted?.includes(name) ?? true)) {
  const source = sourceDigest(part);
  const target = join(directory, `${part.name}.json`);
  const before = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : undefined;
  const isSame =
    before?.source === source && JSON.stringify(before.sizes) === JSON.stringify(part.sizes);
  if (isSame && !options.again) {
    console.error(`${part.name}: there already`);
    broken += before.claims.filter(({ holds }) => !holds).length;
    continue;
  }
  if (!part.resumable && deadline - Date.now() < part.minutes * 60_000) {
    console.error(`${part.name}: not begun, it takes about ${part.minutes} minutes`);
    continue;
  }
  console.error(`${part.name}: ${part.about}`);
  const begin = Date.now();
  const loadBefore = load();
  const saved = savedOf(part);
  const { figures, claims, unfinished } = await inTemporary(options.dir, (place) =>
    part.run({
      ...part.sizes,
      directory: place,
      deadline,
      saved,
      log: (text) => console.error(`  ${text}`),
    }),
  );
  if (unfinished) {
    console.error(`${part.name}: not at its end; the same command goes on from here`);
    continue;
  }
  saved.forget();
  const result = {
    part: part.name,
    about: part.about,
    command: `npm run campaign -- --only ${part.name}`,
    date: new Date(begin).toISOString(),
    seconds: Math.round((Date.now() - begin) / 1000),
    load: [loadBefore, load()],
    machine: machine(options.dir),
    source,
    sizes: part.sizes,
    claims,
    figures,
  };
  // Where the tree stands on this machine is nobody's business: what a test says may name it.
  writeFileSync(target, `${JSON.stringify(result, null, 2).replaceAll(`${root}/`, '')}\n`);
  for (const { claim, holds, measured, bound } of claims) {
    if (!holds) broken += 1;
    const numbers = `${JSON.stringify(measured)}, bound ${JSON.stringify(bound)}`;
    console.error(`  ${holds ? 'holds' : 'DOES NOT HOLD'}: ${claim} (${numbers})`);
  }
}
writeCampaignPages();
if (broken > 0) {
  console.error(`${broken} claims do not hold`);
  process.exit(1);
}
