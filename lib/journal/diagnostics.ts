// The diagnostics channels of a journal and what is published on them. Events are collected only
// while somebody listens; they are published on the thread that the journal's handle belongs to.

import { channel } from 'node:diagnostics_channel';
import type { NativeEvent, NativeJournal } from '../binding';
import type { TidemarkError } from '../errors';
import type { RecoveryReport } from '../recovery/report';

/** Published on `tidemark:open` after every open, and on `tidemark:recover` when it had to recover. */
export interface OpenEvent {
  /** The directory of the journal, absolute. */
  readonly directory: string;
  /** The journal's id. */
  readonly id: string;
  readonly readOnly: boolean;
  readonly recovery: RecoveryReport;
}

/** Published on `tidemark:commit` after every commit. */
export interface CommitEvent {
  readonly directory: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: number;
  /** Of payload. */
  readonly bytes: number;
  /** Id of the segment. */
  readonly segment: number;
  /** From taking the commit to its end (durable, unless its records did not ask for that). */
  readonly durationMs: number;
}

/** Published on `tidemark:rotate` when writing goes on in a new segment. */
export interface RotateEvent {
  readonly directory: string;
  /** Id of the new segment. */
  readonly segment: number;
  /** Seq of its first record. */
  readonly firstSeq: number;
  readonly durationMs: number;
}

/** Published on `tidemark:seal` when a segment is complete and will not change any more. */
export interface SealEvent {
  readonly directory: string;
  /** Id of the sealed segment. */
  readonly segment: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: number;
  /** Of the segment, up to the end of its index. */
  readonly bytes: number;
}

/** Published on `tidemark:poison` when a sync failed and the writer ended for good. */
export interface PoisonEvent {
  readonly directory: string;
  readonly error: TidemarkError;
}

const open = channel('tidemark:open');
const recover = channel('tidemark:recover');
const commit = channel('tidemark:commit');
const rotate = channel('tidemark:rotate');
const seal = channel('tidemark:seal');
const poison = channel('tidemark:poison');

export function publishOpen(event: OpenEvent): void {
  if (open.hasSubscribers) open.publish(event);
  if (event.recovery.path === 'recovered' && recover.hasSubscribers) recover.publish(event);
}

export function publishPoison(event: PoisonEvent): void {
  if (poison.hasSubscribers) poison.publish(event);
}

/**
 * Collects the events of one handle's journal while there are subscribers. The handles of a thread
 * share its place in the journal's log: whichever looks first publishes, each event once a thread.
 */
export class EventCollector {
  readonly #handle: NativeJournal;
  readonly #directory: string;
  #collecting = false;

  constructor(handle: NativeJournal, directory: string) {
    this.#handle = handle;
    this.#directory = directory;
    this.look();
  }

  /** Begins or ends collecting; cheap when nothing changed. To be called before records go out. */
  look(): void {
    const wanted = commit.hasSubscribers || rotate.hasSubscribers || seal.hasSubscribers;
    if (wanted === this.#collecting) return;
    this.#collecting = wanted;
    this.#handle.collectEvents(wanted);
  }

  publish(): void {
    if (!this.#collecting) return;
    for (const event of this.#handle.takeEvents()) this.#publishOne(event);
  }

  /** Ends collecting; what is left is published in a microtask. */
  end(): void {
    if (!this.#collecting) return;
    const events = this.#handle.takeEvents();
    this.#collecting = false;
    this.#handle.collectEvents(false);
    queueMicrotask(() => {
      for (const event of events) this.#publishOne(event);
    });
  }

  #publishOne(event: NativeEvent): void {
    const directory = this.#directory;
    const { firstSeq, lastSeq, records, bytes, segment, durationMs } = event;
    if (event.kind === 'commit' && commit.hasSubscribers) {
      const payload: CommitEvent = {
        directory,
        firstSeq,
        lastSeq,
        records,
        bytes,
        segment,
        durationMs,
      };
      commit.publish(payload);
    } else if (event.kind === 'rotate' && rotate.hasSubscribers) {
      const payload: RotateEvent = { directory, segment, firstSeq, durationMs };
      rotate.publish(payload);
    } else if (event.kind === 'seal' && seal.hasSubscribers) {
      const payload: SealEvent = { directory, segment, firstSeq, lastSeq, records, bytes };
      seal.publish(payload);
    }
  }
}
