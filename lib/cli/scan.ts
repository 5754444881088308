// tidemark scan: how far a scan is, also while it runs in another process.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressSnapshot } from '../scan/progress';
import { progressOf } from '../scan/reading';
import type { Register } from './command';
import { Exit } from './exit';
import * as format from './format';
import { Interrupt } from './interrupt';
import type { Io } from './output';
import { bar } from './progress';
import { readScanIn } from './scan-reading';

const watchMs = 1000;

interface Options {
  journal?: string;
  json?: true;
  watch?: true;
}

interface Status extends ProgressSnapshot {
  readonly id: string | null;
}

export const registerScan: Register = (program, run) => {
  const scan = program.command('scan').description('Shows how far a scan is.');
  scan
    .command('status')
    .description('Prints the progress of a scan, also of one that is running.')
    .argument('<dir>', 'directory of the scan (checkpoint_path of its settings)')
    .option('--journal <dir>', 'directory of its journal, where settings put it elsewhere')
    .option('--watch', 'print it again whenever it changed, until it is done or interrupted')
    .option('--json', 'print it as JSON, with --watch a line each')
    .action((directory: string, options: Options) =>
      run((io) => (options.watch ? watch(io, directory, options) : once(io, directory, options))),
    );
};

async function statusOf(directory: string, { journal }: Options): Promise<Status> {
  const { id, value } = await readScanIn(directory, journal);
  return { id: id ?? null, ...progressOf(value).toJSON() };
}

/** `1 h 5 min`, `5 min 3 s`, `3 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

function lineOf(status: Status): string {
  const { total, complete, skipped, failed, findings, rate, eta, activeMs } = status;
  const processed = complete + skipped + failed;
  const parts = [
    total === null
      ? format.plural(processed, 'target')
      : `${bar(processed, total)}  ${format.count(processed)} of ${format.count(total)}`,
    `${format.count(complete)} complete, ${format.count(skipped)} skipped, ${format.count(failed)} failed`,
    format.plural(findings, 'finding'),
    `${duration(activeMs)} of work`,
  ];
  if (rate !== null) parts.push(`${rate.toFixed(1)} a second`);
  if (eta === 0) parts.push('done');
  else if (eta !== null) parts.push(`${duration(eta)} left`);
  return parts.join(', ');
}

async function print(io: Io, status: Status, options: Options): Promise<void> {
  if (!options.json) await io.out.line(`${status.id ?? '(no id)'}: ${lineOf(status)}`);
  else if (options.watch) await io.out.line(JSON.stringify(status));
  else await io.out.json(status);
}

async function once(io: Io, directory: string, options: Options): Promise<number> {
  await print(io, await statusOf(directory, options), options);
  return Exit.ok;
}

async function watch(io: Io, directory: string, options: Options): Promise<number> {
  using interrupt = new Interrupt();
  let shown = '';
  for (;;) {
    const status = await statusOf(directory, options);
    const now = JSON.stringify(status);
    if (now !== shown) await print(io, status, options);
    shown = now;
    if (status.eta === 0 || io.out.broken) return Exit.ok;
    try {
      await sleep(watchMs, undefined, { signal: interrupt.signal });
    } catch {
      return interrupt.exitCode ?? Exit.ok;
    }
  }
}
