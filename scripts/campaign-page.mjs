// Makes the two pages of docs/reliability/*.json: what must hold and whether it does, then the figures.
// docs/campaign.md has the measurements; parts with `page: 'reliability'` belong to docs/reliability.md.
// Also: `node scripts/campaign-page.mjs`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parts } from '../test/campaign/parts.mjs';
import { reliabilityTable } from './reliability-scenarios.mjs';
import { root } from './tools.mjs';

const row = (cells) => `| ${cells.join(' | ')} |`;
const head = (cells) => [row(cells), row(cells.map(() => '---'))];
const count = (value) => value.toLocaleString('en-US');
const mib = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
const fixed = (value, digits = 1) => value.toFixed(digits);

/** Of the figures of a part that brings no table of its own: the plain values, a line each. */
const plain = (figures) => [
  ...head(['', '']),
  ...Object.entries(figures)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => row([name, typeof value === 'number' ? count(value) : value])),
];

/** The tables of the figures, where the part has none of its own (`table`, which gives lines). */
const tables = {
  'record-bytes': ({ slopes, from, to }) => [
    `Slope between ${count(from)} and ${count(to)} records, each committed alone.`,
    '',
    ...head(['record', 'bytes on disk', 'beside the record']),
    ...slopes.map(({ size, bytesPerRecord }) =>
      row([`${size} B`, fixed(bytesPerRecord), fixed(bytesPerRecord - size)]),
    ),
  ],
  'idle-marks': ({ results }) => [
    ...head(['`idleMarkMs`', 'pause behind each record', 'syncs a record', 'bytes used a record']),
    ...results.map((one) =>
      row([
        `${count(one.idleMarkMs)}`,
        `${one.pauseMs} ms`,
        fixed(one.syncsEach, 2),
        fixed(one.bytesUsedEach),
      ]),
    ),
  ],
  followers: (figures) => [
    ...head(['follower in another', 'idle, % of a core', 'p50 ms', 'p99 ms', 'max ms', 'bound ms']),
    ...Object.entries(figures).map(([where, { idle, latency, boundMs }]) =>
      row([
        where,
        fixed(idle.processorPercent, 2),
        fixed(latency.p50Ms, 2),
        fixed(latency.p99Ms, 2),
        fixed(latency.maxMs, 2),
        boundMs,
      ]),
    ),
    '',
    'Milliseconds from the acknowledgement in the writer to the record in the loop of the follower.',
    'The idle time of the worker is that of the whole process, the idle writer included.',
  ],
  'idle-journals': ({ journals, before, open, idle, openSeconds, closeSeconds, ...each }) => [
    `${count(journals)} journals in one process, opened in ${openSeconds} s, closed in ${closeSeconds} s.`,
    '',
    ...head(['', 'before the first', 'all open', 'each']),
    row(['threads', before.threads, count(open.threads), fixed(each.threadsEach, 2)]),
    row([
      'descriptors',
      before.descriptors,
      count(open.descriptors),
      fixed(each.descriptorsEach, 2),
    ]),
    row([
      'resident',
      mib(before.residentBytes),
      mib(open.residentBytes),
      `${each.residentKiBEach} KiB`,
    ]),
    '',
    `All of them idle together use ${idle.processorPercent} % of a core.`,
  ],
  memory: ({ syncDelayMs, results }) => [
    `Every sync takes ${syncDelayMs} ms longer than the disk needs.`,
    '',
    ...head(['producer', 'record', '`maxPendingBytes`', 'grew by', 'ahead of the disk']),
    ...results.map((one) =>
      row([
        `\`${one.form}\``,
        `${count(one.recordBytes)} B`,
        mib(one.maxPendingBytes),
        mib(one.grownBytes),
        `${count(one.aheadOfDisk)}×`,
      ]),
    ),
  ],
  'open-and-read': ({ few, many, reads }) => [
    ...head(['records', 'segments', 'open ms', 'bytes read at open', 'allowed']),
    ...[few, many].map((one) =>
      row([
        count(one.records),
        one.sealedSegments + 1,
        fixed(one.openMs, 2),
        count(one.bytesReadAtOpen),
        count(one.bytesAllowed),
      ]),
    ),
    '',
    ...head(['reading all', 'seconds', 'records/s', 'resident at most']),
    ...Object.entries(reads).map(([form, { seconds, right, peakBytes }]) =>
      row([
        `\`${form}\``,
        fixed(seconds),
        `${fixed(right / seconds / 1e6, 2)}M`,
        `${Math.round(peakBytes / 1e6)} MB`,
      ]),
    ),
  ],
};

const tableOf = (name) => parts.find((part) => part.name === name)?.table ?? tables[name] ?? plain;

const directory = join(root, 'docs', 'reliability');
const prose = (name) =>
  readFileSync(join(root, 'scripts', 'reliability', name), 'utf8')
    .trimEnd()
    .split('\n');
const partOf = (result) => parts.find(({ name }) => name === result.part);

/** The results of the parts of a page, in the order of the parts. */
function resultsOf(page) {
  const order = parts.map(({ name }) => name);
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')))
    .filter((result) => partOf(result) && (partOf(result).page ?? 'campaign') === page)
    .sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part));
}

function section({ part, about, command, date, seconds, load, machine, claims, figures }) {
  return [
    `## ${about[0].toUpperCase()}${about.slice(1)}`,
    '',
    `\`${command}\`, ${date.slice(0, 10)}, ${count(seconds)} s, load average ${load.join(' to ')};`,
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node},`,
    `${machine.fileSystem}.`,
    '',
    ...tableOf(part)(figures),
    '',
    ...claims.map(({ claim, holds }) => `- ${holds ? 'holds' : '**does not hold**'}: ${claim}`),
    '',
  ];
}

const note = '<!-- written by scripts/campaign-page.mjs from docs/reliability: do not edit -->';

const measurements = () => [
  '# The campaign',
  '',
  note,
  '',
  'Measurements that take too long for the tests, which run smaller forms of the same programs. What',
  'must hold is asserted in both; times are reported and belong to the machine and the hour.',
  '`npm run campaign` takes them again.',
  '',
  ...resultsOf('campaign').flatMap(section),
];

/** Of each net: how long its long form took, and how many of its claims hold. */
const nets = (results) => [
  ...head(['net', 'command', 'minutes', 'claims that hold']),
  ...results.map(({ about, command, seconds, claims }) =>
    row([
      about,
      `\`${command}\``,
      fixed(seconds / 60),
      `${claims.filter(({ holds }) => holds).length} of ${claims.length}`,
    ]),
  ),
];

const reliability = () => {
  const results = resultsOf('reliability');
  return [
    '# Reliability',
    '',
    note,
    '',
    'How tidemark looks for ways to lose, invent or silently damage a record, what it found, and what it',
    'did not look for. The tests run a short form of each net; the long forms, whose figures stand here,',
    'are parts of `npm run campaign`.',
    '',
    ...prose('model.md'),
    '',
    '## The nets',
    '',
    ...nets(results),
    '',
    ...results.flatMap(section),
    '## Scenarios',
    '',
    'What the lists of scenarios ask for, what tidemark does, and which tests show it. The results are',
    'those of the last `npm test` before this page was written.',
    '',
    reliabilityTable(),
    '',
    ...prose('limits.md'),
    '',
  ];
};

export function writeCampaignPages() {
  writeFileSync(join(root, 'docs', 'campaign.md'), measurements().join('\n'));
  writeFileSync(join(root, 'docs', 'reliability.md'), reliability().join('\n'));
}

if (process.argv[1] === import.meta.filename) writeCampaignPages();
