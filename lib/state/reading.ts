// A state that is only looked at: beside the process that has it open, on read-only media, from the
// command line. Takes no lock and changes nothing.

import { join } from 'node:path';
import { Journal } from '../journal/journal';
import { type FoundGeneration, Generations } from './generations';
import { checkpointName, restore } from './opening';
import { checkName, checkStateOptions, type DurableStateOptions, journalName } from './options';
import { decodeValue } from './value-format';

/** A checkpoint is durable before a reader of the journal is told of its last records. */
const idleMs = 2000;

/** A state as it was when it was read. */
export interface StateView<S> {
  readonly value: S;
  readonly seq: number;
  readonly checkpoint: { readonly generation: number; readonly coveredSeq: number } | undefined;
  readonly replayed: number;
}

export interface ReadStateOptions<S, E>
  extends Pick<
    DurableStateOptions<S, E>,
    | 'initial'
    | 'apply'
    | 'codec'
    | 'version'
    | 'migrateState'
    | 'migrateEvent'
    | 'onApplyError'
    | 'name'
  > {
  /** Directory of the journal. Default: in that of the state. */
  journalPath?: string;
}

/** @throws Like `DurableState.open`; `ERR_TIDEMARK_IO` where there is no state. */
export async function readState<S, E>(
  dir: string,
  { journalPath, ...options }: ReadStateOptions<S, E>,
): Promise<StateView<S>> {
  const choices = checkStateOptions(options);
  const path = join(dir, choices.name, checkpointName);
  const { keep, version } = choices;
  const generations = await Generations.open(path, { keep, version, readOnly: true });
  try {
    const journal = await Journal.open(journalPath ?? join(dir, journalName), { readOnly: true });
    try {
      const first = await generations.newest();
      if (first !== undefined) await shown(journal, first.coveredSeq);
      const { behind, found } = await restore(journal, generations, first, choices, path);
      return {
        value: behind.value as S,
        seq: behind.seq,
        checkpoint: found && { generation: found.generation, coveredSeq: found.coveredSeq },
        replayed: behind.replayed,
      };
    } finally {
      await journal.close();
    }
  } finally {
    await generations.close();
  }
}

/** Waits until a live writer has told of the record; what is still missing then is refused. */
async function shown(journal: Journal<unknown>, seq: number): Promise<void> {
  if (journal.lastSeq >= seq) return;
  await journal.waitFor(seq, { signal: AbortSignal.timeout(idleMs) }).catch(() => {});
}

/** The newest whole checkpoint of a state, without the program that it belongs to. */
export interface NewestCheckpoint {
  readonly generation: number;
  readonly coveredSeq: number;
  readonly version: number;
  readonly value: unknown;
  readonly rejected: FoundGeneration['rejected'];
}

const anyVersion = 0xffffffff;

/** @throws `ERR_TIDEMARK_IO` where there is no state, `_CORRUPT` when all generations are damaged. */
export async function readNewestCheckpoint(
  dir: string,
  name?: string,
): Promise<NewestCheckpoint | undefined> {
  const path = join(dir, checkName(name), checkpointName);
  const generations = await Generations.open(path, {
    keep: 1,
    version: anyVersion,
    readOnly: true,
  });
  try {
    const found = await generations.newest();
    if (found === undefined) return undefined;
    const { generation, coveredSeq, version, rejected } = found;
    return { generation, coveredSeq, version, value: decodeValue(found.body, undefined), rejected };
  } finally {
    await generations.close();
  }
}

/** Where the journal of a state is, unless it was given one. */
export function journalPathOf(dir: string): string {
  return join(dir, journalName);
}
