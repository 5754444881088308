// Makes docs/benchmarks.md from bench/results/js.json: `node bench/js/report.mjs`, and at the end of
// every run.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cases, systems } from './cases.mjs';
import { quantile } from './workload.mjs';

/** Median and the range of the middle half. */
function spread(numbers) {
  const ascending = [...numbers].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const median =
    ascending.length % 2 === 1
      ? ascending[Math.floor(middle)]
      : (ascending[middle - 1] + ascending[middle]) / 2;
  return { median, low: quantile(ascending, 0.25), high: quantile(ascending, 0.75) };
}

function rate(perSecond) {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)}M`;
  if (perSecond >= 1e5) return `${Math.round(perSecond / 1e3)}k`;
  return `${(perSecond / 1e3).toFixed(1)}k`;
}
const number = (value) => Math.round(value).toLocaleString('en-US');
const row = (cells) => `| ${cells.join(' | ')} |`;

function caseTable(run, kept, caseName) {
  const of = (round, system) =>
    round.taken
      .find((one) => one.case === caseName)
      .figures.find((figure) => figure.system === system);
  const lines = [
    row([
      'system',
      'records/s',
      'middle half',
      'p50 ms',
      'p99 ms',
      'CPU µs a record',
      'tidemark is',
    ]),
    row(['---', '---:', '---:', '---:', '---:', '---:', '---:']),
  ];
  for (const system of run.systems) {
    const figures = kept.map((round) => of(round, system));
    const perSecond = spread(figures.map((figure) => figure.perSecond));
    const against = () => {
      const ratio = spread(
        kept.map((round) => of(round, 'tidemark').perSecond / of(round, system).perSecond),
      );
      return `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;
    };
    const compared = system !== 'tidemark' && run.systems.includes('tidemark');
    lines.push(
      row([
        system === 'tidemark' ? '**tidemark**' : system,
        rate(perSecond.median),
        `${rate(perSecond.low)}–${rate(perSecond.high)}`,
        spread(figures.map((figure) => figure.p50)).median.toFixed(3),
        spread(figures.map((figure) => figure.p99)).median.toFixed(3),
        spread(figures.map((figure) => figure.cpuMicros)).median.toFixed(2),
        compared ? against() : '',
      ]),
    );
  }
  return lines;
}

function statsTable(run, kept) {
  const lines = [
    row(['case', 'records a commit', 'syncs a commit', 'bytes written a record']),
    row(['---', '---:', '---:', '---:']),
  ];
  for (const caseName of run.cases) {
    const all = kept.map(
      (round) =>
        round.taken
          .find((one) => one.case === caseName)
          .figures.find(({ system }) => system === 'tidemark').stats,
    );
    const median = (value) => spread(all.map(value)).median;
    lines.push(
      row([
        cases[caseName].about,
        number(median((stats) => stats.records / stats.commits)),
        median((stats) => stats.syncs / stats.commits).toFixed(3),
        median((stats) => stats.bytesWritten / stats.records).toFixed(1),
      ]),
    );
  }
  return lines;
}

export function writeReport(run) {
  const kept = run.rounds.filter(({ round }) => round >= run.settings.discardedRounds);
  const loads = [...run.rounds.map((round) => round.load), run.loadAtEnd];
  const others = kept.flatMap(({ taken }) => taken.map((one) => one.others));
  const percent = (share) => `${Math.round(share * 100)} %`;
  const { machine, settings } = run;
  const own = kept[0].taken[0].figures.find(({ system }) => system === 'tidemark')?.stats;
  const lines = [
    '# Benchmarks',
    '',
    '<!-- written by bench/js/report.mjs from bench/results/js.json: do not edit -->',
    '',
    'tidemark beside what a Node program would use otherwise. Every append is on stable storage when',
    'its promise resolves, in every system but `no-io`. Absolute numbers belong to this machine and',
    'this hour: read the ratios, which are taken inside one round.',
    '',
    `Taken with \`${run.command}\` on ${run.date.slice(0, 10)}, ${run.seconds} s:`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system},`,
    `Node ${machine.node}, ${machine.fileSystem}${machine.scheduling && `, run under ${machine.scheduling}`}.`,
    'Load average while it ran:',
    `${Math.min(...loads)}–${Math.max(...loads)}; other programs used ${percent(spread(others).median)} of`,
    `the processors (median of all cases, at most ${percent(Math.max(...others))});`,
    `${run.repeated} cases were taken again because of them.`,
    '',
    `Each of ${settings.rounds} rounds (the first ${settings.discardedRounds} are thrown away) runs`,
    `every system and case in a process of its own: ${settings.warmMs} ms of warming up, then`,
    `${settings.measuredMs} ms. The order of the systems rotates. An object has six fields, 108 bytes`,
    'as MessagePack; N callers each await their own append before they make the next',
    `(msgpackr ${run.versions.msgpackr}, lmdb ${run.versions.lmdb}, better-sqlite3 ${run.versions['better-sqlite3']}).`,
    'Figures are medians of the rounds; in brackets, and as "middle half", the range of half of them.',
    '"tidemark is" is its throughput divided by that of the system in the row, so above 1.00 it is',
    'the faster one.',
    '',
    row(['system', 'what it is']),
    row(['---', '---']),
    ...run.systems.map((system) => row([system, systems[system]])),
    '',
  ];
  for (const caseName of run.cases) {
    const { about: title } = cases[caseName];
    lines.push(
      `## ${title[0].toUpperCase()}${title.slice(1)}`,
      '',
      ...caseTable(run, kept, caseName),
      '',
    );
  }
  if (own) {
    const { direct, sync, why } = own.mode;
    lines.push(
      '## What tidemark did',
      '',
      `Direct I/O: ${direct ? 'on' : 'off'} (${why}); sync: ${sync}; checksum kernel: ${own.crc32cKernel}.`,
      '',
      ...statsTable(run, kept),
      '',
    );
  }
  return lines.join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const root = dirname(dirname(import.meta.dirname));
  const run = JSON.parse(readFileSync(join(root, 'bench', 'results', 'js.json'), 'utf8'));
  writeFileSync(join(root, 'docs', 'benchmarks.md'), writeReport(run));
}
