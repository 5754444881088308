// Asks a disk what it can do: the facts that advice.ts judges.

import type { NativeDirectSupport, NativeFileSystem, NativeSyncMeasurement } from '../binding';
import { operate, runtime } from '../runtime';
import type { DiskFacts, SyncFact, SyncMode } from './advice';
import { summarise } from './histogram';

export interface Measured extends SyncFact {
  /** Nanoseconds, sorted; empty when the mode was refused. */
  readonly samples: Float64Array;
  readonly bytes: number;
}

export interface MeasureOptions {
  readonly bytes: number;
  readonly count: number;
  readonly maxMs: number;
}

export const syncModes: readonly SyncMode[] = ['append', 'zero-filled', 'direct', 'direct-dsync'];

export const syncModeNames: Readonly<Record<SyncMode, string>> = {
  append: 'growing file, fdatasync',
  'zero-filled': 'zero-filled file, fdatasync',
  direct: 'zero-filled, O_DIRECT, fdatasync',
  'direct-dsync': 'zero-filled, O_DIRECT + O_DSYNC',
};

export async function measure(
  directory: string,
  mode: SyncMode,
  options: MeasureOptions,
): Promise<Measured> {
  const { refused, bytes, nanoseconds } = await operate<NativeSyncMeasurement>((operation) =>
    runtime().measureSync(operation, directory, { mode, ...options }),
  );
  return measured(mode, bytes, refused, nanoseconds);
}

function measured(
  mode: SyncMode,
  bytes: number,
  refused: string | undefined,
  samples: Float64Array,
): Measured {
  const latency = summarise(samples);
  return {
    mode,
    bytes,
    samples,
    ...(refused === undefined ? {} : { refused }),
    ...(latency === undefined ? {} : { latency }),
  };
}

/** The modes take turns: what else the machine does meets all of them. */
const rounds = 4;

async function measureInTurns(
  directory: string,
  options: MeasureOptions,
  onMode: (mode: SyncMode) => void,
  interrupted: AbortSignal,
): Promise<Measured[]> {
  const turn = {
    bytes: options.bytes,
    count: Math.ceil(options.count / rounds),
    maxMs: Math.ceil(options.maxMs / rounds),
  };
  const parts = new Map<SyncMode, Measured[]>(syncModes.map((mode) => [mode, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [mode, own] of parts) {
      // A refusal is the same the next time.
      if (own[0]?.refused !== undefined) continue;
      // A turn ends by itself, and takes its file with it.
      interrupted.throwIfAborted();
      onMode(mode);
      own.push(await measure(directory, mode, turn));
    }
  }
  return [...parts.values()].map(together);
}

/** Several measurements of one mode as one. */
export function together(parts: readonly Measured[]): Measured {
  const samples = Float64Array.from(parts.flatMap((part) => [...part.samples]));
  const refused = parts.find((part) => part.refused !== undefined)?.refused;
  const rounds = parts.flatMap(({ latency }) => (latency === undefined ? [] : [latency.p50]));
  const all = measured(parts[0]?.mode ?? 'zero-filled', parts[0]?.bytes ?? 0, refused, samples);
  return { ...all, rounds };
}

export interface MeasuredDisk extends DiskFacts {
  readonly sync: readonly Measured[];
}

export async function diskFacts(
  directory: string,
  options: MeasureOptions,
  onMode: (mode: SyncMode) => void,
  interrupted: AbortSignal,
): Promise<MeasuredDisk> {
  const fileSystem = await operate<NativeFileSystem>((operation) =>
    runtime().fileSystem(operation, directory),
  );
  const direct = await operate<NativeDirectSupport>((operation) =>
    runtime().probeDirect(operation, directory),
  ).catch((error: Error) => ({ supported: false, alignment: 1, why: error.message }));
  const sync = await measureInTurns(directory, options, onMode, interrupted);
  const kernel = { inUse: runtime().crc32cKernel(), available: runtime().crc32cKernels() };
  return { directory, fileSystem, direct, sync, kernel };
}
