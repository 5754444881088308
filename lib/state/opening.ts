// Opening a state: the newest valid generation, and the records behind it, each once. Refuses where
// checkpoint and journal contradict each other; a value is never silently that of another history.

import { join } from 'node:path';
import { checkSynchronous } from '../arguments';
import type { CheckpointJournal } from '../checkpoint/options';
import { TidemarkError } from '../errors';
import { RangeBatches } from '../journal/batches';
import { Journal, sourceOf, writerOf } from '../journal/journal';
import type { RecordSource } from '../journal/source';
import type { SegmentInfo } from '../journal/stats';
import type { Writer } from '../journal/writer';
import { type FoundGeneration, Generations } from './generations';
import {
  journalName,
  type SkippedEvent,
  type StateChoices,
  type StateRecoveryReport,
} from './options';
import { applied, applyError, gapError } from './replica';
import { decodeValue } from './value-format';

export const checkpointName = 'checkpoint';
/** Of the cursor that holds the records: the states of a journal are told apart by it. */
const cursorPrefix = 'state.';

export function cursorNameOf({ name }: StateChoices): string {
  return `${cursorPrefix}${name}`;
}

const application = 'tidemark-state';

/** A value and the last event that it reflects. */
export interface Base {
  value: unknown;
  seq: number;
  /** The epoch of that event, as far as it is known. */
  epoch: string | undefined;
}

export interface OpenedState extends Base {
  /** Of this state alone: what lies beside its checkpoints. */
  directory: string;
  journal: Journal<unknown>;
  ownsJournal: boolean;
  writer: Writer;
  generations: Generations;
  /** What the newest good generation covers; undefined when there is none. */
  coveredSeq: number | undefined;
  generation: number;
  /** The next checkpoint is worth saving even if nothing more happens. */
  stale: boolean;
  recovery: StateRecoveryReport;
}

function mismatch(message: string, path: string): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_MISMATCH', message, { path });
}

/** The epoch of the record `seq`; undefined where no live segment holds it. */
export function epochOf(segments: readonly SegmentInfo[], seq: number): string | undefined {
  return segments.find(({ firstSeq, lastSeq }) => firstSeq <= seq && seq <= lastSeq)?.epoch;
}

function corrupt(message: string, path: string, details: object = {}): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CORRUPT', message, { path, ...details });
}

/**
 * Refuses a checkpoint that is not of this journal, or of another branch of it, and a journal that
 * ends before the checkpoint or begins behind it.
 */
export function checkFit(
  journal: Journal<unknown>,
  coveredSeq: number,
  of: CheckpointJournal | undefined,
  path: string,
): void {
  if (of !== undefined && of.id !== journal.id) {
    throw mismatch(
      `the checkpoint belongs to the journal ${of.id}, and this is ${journal.id}: ` +
        'open it with its own journal',
      path,
    );
  }
  if (coveredSeq > journal.lastSeq) {
    throw corrupt(
      `the checkpoint covers record ${coveredSeq}, and the journal ends at ${journal.lastSeq}: ` +
        'records that were durable are lost, or it is an older copy of the journal',
      path,
      { fromSeq: journal.lastSeq + 1, toSeq: coveredSeq },
    );
  }
  if (journal.firstSeq > coveredSeq + 1) {
    throw corrupt(
      `the checkpoint covers record ${coveredSeq}, and the journal begins at ${journal.firstSeq}: ` +
        `the records between were released, and the checkpoint that allowed it is not there`,
      path,
      { fromSeq: coveredSeq + 1, toSeq: journal.firstSeq - 1 },
    );
  }
  const epoch = epochOf(journal.segments(), coveredSeq);
  if (of !== undefined && epoch !== undefined && of.epoch !== epoch) {
    throw mismatch(
      `the checkpoint covers record ${coveredSeq} of epoch ${of.epoch}, and the journal's is of ` +
        `${epoch}: they are two histories that part before it`,
      path,
    );
  }
}

/** The value of a generation, in the program's present version. */
export function stateIn(found: FoundGeneration, choices: StateChoices, path: string): unknown {
  const value = decodeValue(found.body, choices.codec);
  if (found.version === choices.version) return value;
  if (choices.migrateState === undefined) {
    throw new TidemarkError(
      'ERR_TIDEMARK_VERSION',
      `the state was saved with version ${found.version}, and this program's is ` +
        `${choices.version}: give the option "migrateState"`,
      { path },
    );
  }
  return checkSynchronous('migrateState', choices.migrateState(value, found.version));
}

interface Replayed {
  value: unknown;
  seq: number;
  replayed: number;
  skipped: SkippedEvent[];
}

/** Applies the durable records behind `seq`. */
export async function replay(
  source: RecordSource,
  base: { value: unknown; seq: number },
  choices: Pick<StateChoices, 'apply' | 'skipApplyErrors'>,
): Promise<Replayed> {
  const { apply, skipApplyErrors } = choices;
  let { value, seq } = base;
  let replayed = 0;
  const skipped: SkippedEvent[] = [];
  const to = source.shownSeq;
  if (to <= seq) return { value, seq, replayed, skipped };
  const batches = new RangeBatches(source, seq + 1, to, false, undefined);
  try {
    for (;;) {
      const batch = await batches.next();
      if (batch === undefined) break;
      if (batch.firstSeq !== seq + 1) throw gapError(seq + 1, batch.firstSeq - 1);
      let start = 0;
      for (let i = 0; i < batch.lengths.length; i++) {
        const event = source.decoder.decode(batch, i, start, seq + 1);
        start += batch.lengths[i] as number;
        try {
          value = applied(apply, value, event, seq + 1);
          replayed += 1;
        } catch (cause) {
          if (!skipApplyErrors) throw applyError(seq + 1, cause);
          skipped.push({ seq: seq + 1, error: cause });
        }
        seq += 1;
      }
    }
  } finally {
    batches.close();
  }
  if (seq < to) throw gapError(seq + 1, to);
  return { value, seq, replayed, skipped };
}

async function openOwnJournal(
  directory: string,
  choices: StateChoices,
  coveredSeq: number | undefined,
): Promise<Journal<unknown>> {
  return Journal.open(join(directory, journalName), {
    application,
    ...(choices.codecOption !== undefined && { codec: choices.codecOption }),
    ...(choices.durabilityOption !== undefined && { durability: choices.durabilityOption }),
    ...(choices.mode !== undefined && { mode: choices.mode }),
    // A tail that the checkpoint proves to have been durable is not cut, but refused.
    ...(coveredSeq !== undefined && { expectSeq: coveredSeq }),
  });
}

/** The value that the newest good generation holds, or the first one. */
function baseOf(
  found: FoundGeneration | undefined,
  journal: Journal<unknown>,
  startSeq: number,
  choices: StateChoices,
  path: string,
): Base {
  const seq = found?.coveredSeq ?? startSeq - 1;
  checkFit(journal, seq, found?.journal, path);
  if (found === undefined)
    return { value: checkSynchronous('initial', choices.initial()), seq, epoch: undefined };
  return { value: stateIn(found, choices, path), seq, epoch: found.journal?.epoch };
}

/**
 * The newest good generation. Where they are left to the system to write a power cut may have damaged
 * all of them, and the journal holds everything: then there is none.
 */
async function newestOf(
  generations: Generations,
  choices: StateChoices,
): Promise<FoundGeneration | undefined> {
  try {
    return await generations.newest();
  } catch (error) {
    const damaged = error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_CORRUPT';
    if (!damaged || !choices.unsynced) throw error;
    return undefined;
  }
}

/** Damaged generations are forgotten only where the journal is the one that they were of. */
async function checkNew(
  journal: Journal<unknown>,
  generations: Generations,
  choices: StateChoices,
): Promise<void> {
  if (!choices.unsynced || (await generations.covered()).length === 0) return;
  const cursors = await journal.cursors();
  if (cursors.some(({ name }) => name === cursorNameOf(choices))) return;
  await generations.newest(); // says what is damaged
}

interface Restored {
  base: Base;
  behind: Replayed;
  found: FoundGeneration | undefined;
}

/** From the newest good generation, and the records behind it. */
export async function restore(
  journal: Journal<unknown>,
  generations: Generations,
  first: FoundGeneration | undefined,
  choices: StateChoices,
  path: string,
): Promise<Restored> {
  const source = sourceOf(journal);
  for (let found = first; ; ) {
    try {
      const base = baseOf(found, journal, source.startSeq, choices, path);
      return { base, behind: await replay(source, base, choices), found };
    } catch (error) {
      // Another thread or process may have saved again meanwhile, and released what was to be replayed.
      const newer = await generations.newest();
      if (newer === undefined || newer.generation === found?.generation) throw error;
      found = newer;
    }
  }
}

export async function openState(dir: string, choices: StateChoices): Promise<OpenedState> {
  const directory = join(dir, choices.name);
  const path = join(directory, checkpointName);
  const { keep, version, mode } = choices;
  const generations = await Generations.open(path, { keep, version, mode });
  let journal = choices.journal;
  const ownsJournal = journal === undefined;
  try {
    const begun = performance.now();
    const first = await newestOf(generations, choices);
    journal ??= await openOwnJournal(dir, choices, first?.coveredSeq);
    const writer = writerOf(journal);
    if (writer === undefined) {
      throw new TidemarkError(
        'ERR_TIDEMARK_READ_ONLY',
        'a state needs a journal that is open for writing: open it without readOnly',
        { path },
      );
    }
    if (first === undefined) await checkNew(journal, generations, choices);
    const { base, behind, found } = await restore(journal, generations, first, choices, path);
    return {
      directory,
      journal,
      ownsJournal,
      writer,
      generations,
      value: behind.value,
      seq: behind.seq,
      epoch: base.epoch,
      coveredSeq: found?.coveredSeq,
      generation: found?.generation ?? 0,
      stale: found === undefined || found.rejected.length > 0 || found.version !== version,
      recovery: {
        ...journal.recovery,
        durationMs: (ownsJournal ? 0 : journal.recovery.durationMs) + performance.now() - begun,
        checkpoint: found && { generation: found.generation, coveredSeq: found.coveredSeq },
        rejected: found?.rejected ?? [],
        replayed: behind.replayed,
        skippedEvents: behind.skipped,
      },
    };
  } catch (error) {
    await generations.close();
    if (ownsJournal) await journal?.close().catch(() => {});
    throw error;
  }
}
