// tidemark doctor: what the disk under a directory can do, and what follows from it.

import { stat } from 'node:fs/promises';
import { type Advice, advise } from './advice';
import { parsePositive, type Register } from './command';
import { diskFacts, type Measured, syncModeNames } from './disk-facts';
import { CliError, Exit, isMissing } from './exit';
import * as format from './format';
import { chart, doublings } from './histogram';
import { Interrupt } from './interrupt';
import type { Io } from './output';
import { Progress } from './progress';
import { facts as factTable, table, wrap } from './table';

interface DoctorOptions {
  json?: true;
  bytes: number;
  syncs: number;
}

/** A block: what a commit of a few records writes. */
const usualCommitBytes = 4096;
const usualSyncs = 1000;
/** A slow disk is known after a few syncs as well. */
const modeLimitMs = 3000;

export const registerDoctor: Register = (program, run) => {
  program
    .command('doctor')
    .description('Measures what the disk under a directory can do, and says what follows.')
    .argument('<dir>', 'a directory on that disk; temporary files in it are removed again')
    .option('--json', 'print the facts as JSON')
    .option('--bytes <n>', 'bytes of each write', parsePositive, usualCommitBytes)
    .option('--syncs <n>', 'writes of each mode, within three seconds', parsePositive, usualSyncs)
    .action((directory: string, options: DoctorOptions) =>
      run((io) => doctor(io, directory, options)),
    );
};

async function doctor(io: Io, directory: string, options: DoctorOptions): Promise<number> {
  await requireDirectory(directory);
  using interrupt = new Interrupt();
  const progress = new Progress(io);
  const facts = await diskFacts(
    directory,
    { bytes: options.bytes, count: options.syncs, maxMs: modeLimitMs },
    (mode) => progress.update(() => `measuring: ${syncModeNames[mode]}`),
    interrupt.signal,
  ).catch((error) => {
    if (interrupt.exitCode === undefined) throw error;
    return undefined; // half a measurement gives no advice
  });
  progress.clear();
  if (facts === undefined) return interrupt.exitCode ?? Exit.interrupted;
  const advice = advise(facts);
  if (options.json) {
    const sync = facts.sync.map(({ samples, ...fact }) => ({
      ...fact,
      histogram: doublings(samples),
    }));
    await io.out.json({ ...facts, sync, advice });
    return Exit.ok;
  }
  const { fileSystem, direct, kernel } = facts;
  const others = kernel.available.filter((name) => name !== kernel.inUse);
  await io.out.write(
    factTable([
      ['directory', directory],
      ['file system', `${fileSystem.name}${fileSystem.network ? ' (network)' : ''}`],
      ['free', `${format.bytes(fileSystem.freeBytes)} of ${format.bytes(fileSystem.totalBytes)}`],
      ['O_DIRECT', direct.supported ? `yes, alignment ${direct.alignment}` : `no: ${direct.why}`],
      ['checksums', `${kernel.inUse}${others.length > 0 ? ` (also: ${others.join(', ')})` : ''}`],
    ]),
  );
  await io.out.write(`\n${syncTable(facts.sync)}`);
  for (const fact of facts.sync) {
    if (fact.samples.length > 0) {
      await io.out.write(`\n${syncModeNames[fact.mode]}\n${chart(fact.samples)}\n`);
    }
  }
  await io.out.write(`\n${adviceText(advice)}`);
  return Exit.ok;
}

export async function requireDirectory(directory: string): Promise<void> {
  const status = await stat(directory).catch((error) => {
    if (!isMissing(error)) throw error;
    throw new CliError(
      `There is no directory ${directory}; name one on the disk to look at.`,
      Exit.unreadable,
      { cause: error },
    );
  });
  if (!status.isDirectory()) {
    throw new CliError(`${directory} is not a directory.`, Exit.unreadable);
  }
}

function syncTable(all: readonly Measured[]): string {
  const right = 'right' as const;
  const rows: string[][] = [];
  const refusals: string[] = [];
  for (const { mode, bytes, latency, refused } of all) {
    const name = syncModeNames[mode];
    if (latency === undefined) {
      refusals.push(`${name}: refused, ${refused ?? 'nothing was measured'}\n`);
      continue;
    }
    const { p50, p90, p99, max, mean } = latency;
    const times = [p50, p90, p99, max].map(format.nanoseconds);
    rows.push([name, String(bytes), ...times, format.count(1e9 / mean)]);
  }
  const columns = ['bytes', 'p50', 'p90', 'p99', 'max', 'a second'];
  const measured =
    rows.length === 0
      ? ''
      : table(
          [{ title: 'write and sync' }, ...columns.map((title) => ({ title, align: right }))],
          rows,
        );
  return measured + refusals.join('');
}

const markOfLevel = { stop: 'STOP', care: 'care', good: 'good' } as const;

function adviceText(advice: readonly Advice[]): string {
  return table(
    [{ title: '' }, { title: '' }],
    advice.flatMap(({ level, text }) =>
      wrap(text, adviceColumns).map((line, index) => [index === 0 ? markOfLevel[level] : '', line]),
    ),
  );
}

const adviceColumns = 92;
