// Makes docs/benchmarks.md and its charts from bench/results/js.json: `node bench/js/report.mjs`, and
// at the end of every run.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cases, systems } from './cases.mjs';
import { latencyChart, throughputChart } from './charts.mjs';
import { figuresOf } from './figures.mjs';
import { head, percent, row } from './format.mjs';
import { spread } from './statistics.mjs';
import { commitTable, costTable, speedTable, syncTable, targetTable } from './tables.mjs';

const capitalised = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

function howTaken(run) {
  const { machine, settings } = run;
  const loads = [...run.rounds.map((round) => round.load), run.loadAtEnd];
  const others = run.rounds.flatMap(({ taken }) => taken.map((one) => one.others));
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Taken with \`${run.command}\` on ${run.date.slice(0, 10)}, ${run.seconds} s:`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system},`,
    `${machine.fileSystem}${machine.scheduling && `, run under ${machine.scheduling}`};`,
    `${versions.join(', ')}.`,
    `Load average while it ran: ${Math.min(...loads)}–${Math.max(...loads)}; other programs used`,
    `${percent(spread(others).median)} of the processors (median of all cases, at most`,
    `${percent(Math.max(...others))}); ${run.repeated} cases were taken again because of them.`,
    '',
    `In ${settings.rounds} ${settings.rounds === 1 ? 'round' : 'rounds'} every system and case runs once, in a process and a directory of its own; the`,
    'order of the systems rotates. A process makes a fixed number of records',
    '',
    ...run.cases.map((name) => `- \`${name}\`: ${cases[name].about}, ${amount(run, name)}`),
    '',
    'and counts what lies behind the first fifth of them, while all callers are busy. It ends after',
    `${settings.limitSeconds} s, classic-level and hypercore, which make a few thousand a second, after ${settings.slowSeconds} s;`,
    'the tables say how many records were counted then. Afterwards the log is opened anew: it must have',
    'every record that was acknowledged. An object has six fields, 108 bytes as MessagePack; N callers',
    'each await their own append before they make the next.',
    '',
    'Figures are medians of the rounds; in brackets, and as "middle half", the range of half of them.',
    '"tidemark is" is its throughput divided by that of the system in the row, so above 1.00 it is',
    'the faster one. "Loop delay" is how long a timer that falls due at a random moment waits for the',
    'event loop; up to 1 ms of it is the tick with which it is measured.',
    '"Memory" is the most that the process had, Node itself and all samples included. "Stored" are the',
    'files after the close; "written" is what the system says that the process had written to the disk,',
    'files prepared ahead and logs that are written twice included.',
  ];
}

const amount = (run, caseName) =>
  Math.max(
    0,
    ...run.systems.flatMap((system) =>
      figuresOf(run, caseName, system).map(({ appended }) => appended),
    ),
  ).toLocaleString('en-US');

function systemTable(run) {
  return [
    ...head(['system', 'what it is', 'takes part in']),
    ...run.systems.map((system) => {
      const own = run.cases.filter((name) => figuresOf(run, name, system).length > 0);
      const all = own.length === run.cases.length;
      return row([system, systems[system].about, all ? 'all' : own.join(', ')]);
    }),
  ];
}

function syncSection(run) {
  if (run.syncs.missing) return [`Not counted: ${run.syncs.missing}.`];
  return [
    `Counted once, by strace ${run.syncs.strace}, in short runs of their own, from the first append to the last`,
    'acknowledgement. A write to a file that was opened with O_DSYNC, or says RWF_DSYNC, is durable by',
    'itself. Being traced changes how many records come together; what a system does for each commit it',
    'does not change. `sync_file_range` makes nothing durable and is no sync.',
    '',
    ...syncTable(run),
  ];
}

function ownSection(run) {
  const own = run.cases.flatMap((name) => figuresOf(run, name, 'tidemark'))[0]?.stats;
  if (!own) return [];
  const { direct, sync, why } = own.mode;
  return [
    '## What was committed at once',
    '',
    `tidemark wrote with direct I/O ${direct ? 'on' : 'off'} (${why}), sync: ${sync}, checksum kernel: ${own.crc32cKernel}.`,
    '',
    ...commitTable(run),
    '',
  ];
}

/** The text of docs/benchmarks.md. */
export function page(run) {
  const short =
    run.settings.scale < 1
      ? [
          `> A short run (scale ${run.settings.scale}): it shows that all of this works, and no speed.`,
          '',
        ]
      : [];
  return [
    '# Benchmarks',
    '',
    '<!-- written by bench/js/report.mjs from bench/results/js.json: do not edit -->',
    '',
    ...short,
    'tidemark beside what a Node program would use otherwise. Absolute numbers belong to this machine',
    'and this hour: read the ratios, which are taken inside one round. What an acknowledgement means',
    'differs between the systems, and is said in every row.',
    '',
    '![Appends a second by number of callers](benchmarks/throughput.svg)',
    '',
    '![Latency of one append](benchmarks/latency.svg)',
    '',
    '## Targets',
    '',
    'What tidemark is to reach, as ratios (or differences) inside one round, and whether their median',
    'does. Targets about growth, reading and the native core are not decided here.',
    '',
    ...targetTable(run),
    '',
    '## How this was measured',
    '',
    ...howTaken(run),
    '',
    ...systemTable(run),
    '',
    ...run.cases.flatMap((caseName) => [
      `## ${capitalised(cases[caseName].about)}`,
      '',
      ...speedTable(run, caseName),
      '',
      ...costTable(run, caseName),
      '',
    ]),
    '## Syncs',
    '',
    ...syncSection(run),
    '',
    ...ownSection(run),
  ].join('\n');
}

/** Writes the page and its charts into the directory of the documents. */
export function writeReport(run, docs) {
  mkdirSync(join(docs, 'benchmarks'), { recursive: true });
  writeFileSync(join(docs, 'benchmarks.md'), page(run));
  writeFileSync(join(docs, 'benchmarks', 'throughput.svg'), throughputChart(run));
  writeFileSync(join(docs, 'benchmarks', 'latency.svg'), latencyChart(run));
}

if (process.argv[1] === import.meta.filename) {
  const root = dirname(dirname(import.meta.dirname));
  const run = JSON.parse(readFileSync(join(root, 'bench', 'results', 'js.json'), 'utf8'));
  writeReport(run, join(root, 'docs'));
}
