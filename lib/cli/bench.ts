// tidemark bench: the user's own numbers, beside those of the raw disk.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import { Journal } from '../journal/index';
import { parsePositive, type Register } from './command';
import { type Measured, type MeasureOptions, measure, syncModeNames, together } from './disk-facts';
import { requireDirectory } from './doctor';
import { Exit } from './exit';
import * as format from './format';
import { chart, doublings, type Latency, summarise, textBar } from './histogram';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
import { Progress } from './progress';
import { table } from './table';

interface BenchOptions {
  json?: true;
  bytes: number;
  seconds: number;
  direct: 'auto' | 'on' | 'off';
}

const callerCounts = [1, 8, 64, 512] as const;
const usualRecordBytes = 100;
const usualSeconds = 5;
/** With the raw disk five measurements in all: a bench stays under a minute. */
const mostSeconds = 10;
/** What the commits of one caller write: a block, as the raw disk does. */
const rawBytes = 4096;

export const registerBench: Register = (program, run) => {
  program
    .command('bench')
    .description('Measures appends at 1, 8, 64 and 512 callers beside the raw disk.')
    .argument('<dir>', 'a directory on the disk; a temporary journal in it is removed again')
    .option('--json', 'print the numbers as JSON')
    .option('--bytes <n>', 'bytes of each record', parsePositive, usualRecordBytes)
    .addOption(
      new Option('--seconds <n>', `seconds for each number of callers, at most ${mostSeconds}`)
        .argParser((text) => Math.min(mostSeconds, parsePositive(text)))
        .default(usualSeconds),
    )
    .addOption(
      new Option('--direct <choice>', 'O_DIRECT').choices(['auto', 'on', 'off']).default('auto'),
    )
    .action((directory: string, options: BenchOptions) =>
      run((io) => bench(io, directory, options)),
    );
};

interface Level {
  readonly callers: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly commitsPerSecond: number;
  readonly recordsPerCommit: number;
  readonly latency: Latency;
  readonly samples: Float64Array;
}

async function bench(io: Io, directory: string, options: BenchOptions): Promise<number> {
  await requireDirectory(directory);
  using interrupt = new Interrupt();
  const progress = new Progress(io);
  const maxMs = options.seconds * 1000;
  const temporary = await mkdtemp(join(directory, 'tidemark-bench-'));
  const levels: Level[] = [];
  const rawTurns: Measured[] = [];
  let mode: string;
  try {
    const journal = await Journal.open<Uint8Array>(join(temporary, 'journal'), {
      codec: 'binary',
      directIO: options.direct === 'auto' ? 'auto' : options.direct === 'on',
      retain: { maxBytes: retainedBytes },
    });
    try {
      for (const callers of callerCounts) {
        if (interrupt.signal.aborted) break;
        // In turns: what else the machine does meets the raw disk as well.
        progress.update(() => 'measuring the raw disk');
        rawTurns.push(await measure(directory, 'zero-filled', rawTurn(maxMs)));
        progress.update(() => `measuring ${format.plural(callers, 'caller')}`);
        levels.push(await measureLevel(journal, callers, maxMs, options.bytes, interrupt.signal));
      }
      const { direct, sync } = journal.stats().mode;
      mode = `${direct ? 'O_DIRECT, ' : ''}${sync}`;
    } finally {
      await journal.close();
    }
  } finally {
    progress.clear();
    await rm(temporary, { recursive: true, force: true });
  }
  const raw = together(rawTurns);
  if (options.json) {
    await io.out.json({
      directory,
      recordBytes: options.bytes,
      mode,
      raw: withHistogram(raw),
      levels: levels.map(withHistogram),
    });
  } else {
    await io.out.write(benchText(raw, levels, options.bytes));
    note(io, `Commits by ${mode} in ${directory}.`);
  }
  return interrupt.exitCode ?? Exit.ok;
}

function rawTurn(maxMs: number): MeasureOptions {
  return {
    bytes: rawBytes,
    count: Number.MAX_SAFE_INTEGER,
    maxMs: Math.ceil(maxMs / callerCounts.length),
  };
}

/** The journal of a bench keeps no more than this, whatever the disk can do in the time. */
const retainedBytes = 512 * 2 ** 20;

function withHistogram<T extends { samples: Float64Array }>({ samples, ...rest }: T): object {
  return { ...rest, histogram: doublings(samples) };
}

/** Each caller appends, waits until it is durable, and appends again. */
async function measureLevel(
  journal: Journal<Uint8Array>,
  callers: number,
  maxMs: number,
  recordBytes: number,
  interrupted: AbortSignal,
): Promise<Level> {
  const samples: number[] = [];
  const record = Buffer.alloc(recordBytes, 'tidemark ');
  const before = journal.stats().commits;
  const started = performance.now();
  const deadline = started + maxMs;
  const call = async (): Promise<void> => {
    for (let now = performance.now(); now < deadline && !interrupted.aborted; ) {
      await journal.append(record);
      const end = performance.now();
      samples.push((end - now) * 1e6);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const seconds = (performance.now() - started) / 1000;
  const commits = journal.stats().commits - before;
  const sorted = Float64Array.from(samples);
  return {
    callers,
    seconds,
    recordsPerSecond: samples.length / seconds,
    commitsPerSecond: commits / seconds,
    recordsPerCommit: samples.length / Math.max(1, commits),
    latency: summarise(sorted) ?? nothing,
    samples: sorted,
  };
}

const nothing: Latency = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

function benchText(raw: Measured, levels: readonly Level[], recordBytes: number): string {
  const right = 'right' as const;
  const rawRate = raw.latency === undefined ? 0 : 1e9 / raw.latency.mean;
  const largest = Math.max(rawRate, ...levels.map((level) => level.recordsPerSecond));
  const row = (name: string, rate: number, perCommit: string, latency: Latency): string[] => [
    name,
    format.count(rate),
    perCommit,
    format.nanoseconds(latency.p50),
    format.nanoseconds(latency.p99),
    format.nanoseconds(latency.max),
    textBar(rate, largest, 30),
  ];
  const rows = levels.map((level) =>
    row(
      format.plural(level.callers, 'caller'),
      level.recordsPerSecond,
      level.recordsPerCommit.toFixed(1),
      level.latency,
    ),
  );
  rows.unshift(
    raw.latency === undefined
      ? ['raw disk', `refused: ${raw.refused ?? 'nothing was measured'}`]
      : row('raw disk', rawRate, '', raw.latency),
  );
  const charts = levels.map(
    (level) =>
      `\n${format.plural(level.callers, 'caller')}: append until durable\n${chart(level.samples)}\n`,
  );
  const rawChart =
    raw.samples.length === 0
      ? ''
      : `\nraw disk: ${raw.bytes} bytes, ${syncModeNames[raw.mode]}\n${chart(raw.samples)}\n`;
  return `records of ${format.plural(recordBytes, 'byte')}

${table(
  [
    { title: '' },
    { title: 'a second', align: right },
    { title: 'a commit', align: right },
    { title: 'p50', align: right },
    { title: 'p99', align: right },
    { title: 'max', align: right },
    { title: '' },
  ],
  rows,
)}${rawChart}${charts.join('')}`;
}
