// From a directory and options to the source that a Journal reads from, or also writes to.

import type { NativeHeader, NativeJournal, NativeObserver } from '../binding';
import { usesDictionaries } from '../codec/codec';
import { resolveCodec, resolveHash } from '../codec/resolve';
import type { RecoveryReport } from '../recovery/report';
import { operate, runtime } from '../runtime';
import { publishOpen } from './diagnostics';
import { ReadOnlySource } from './observer';
import {
  checkOpenOptions,
  type DurabilityChoice,
  type OpenChoices,
  structuresWithHash,
} from './open-options';
import { RecordDecoder } from './record-decoder';
import { RecordEncoder } from './record-encoder';
import { Writer } from './writer';

export interface Opened {
  source: Writer | ReadOnlySource;
  id: string;
  /** As recorded. */
  codec: { readonly name: string; readonly version: number };
  recovery: RecoveryReport;
}

/** What the journal recorded decides; the user's objects are used where it recorded theirs. */
function resolve(
  choices: OpenChoices,
  facts: { codecName: string; hashName: string; hashBytes: number },
) {
  const codec = resolveCodec(choices.codec, facts.codecName);
  const digest = resolveHash(choices.hash, facts.hashName, facts.hashBytes);
  if (digest !== undefined && usesDictionaries(codec)) throw structuresWithHash();
  return { codec, digest, decoder: new RecordDecoder(codec, digest, facts.hashBytes) };
}

function openedBy(facts: NativeHeader & { recovery: object }): Omit<Opened, 'source'> {
  return {
    id: facts.id,
    codec: { name: facts.codecName, version: facts.codecVersion },
    recovery: facts.recovery as RecoveryReport,
  };
}

async function openWriter(directory: string, choices: OpenChoices): Promise<Opened> {
  const handle = await operate<NativeJournal>((operation) =>
    runtime().openJournal(operation, directory, choices.native),
  );
  try {
    const facts = handle.facts();
    const { codec, digest, decoder } = resolve(choices, facts);
    const { options } = facts;
    const encoder = new RecordEncoder(
      handle,
      codec,
      digest,
      facts.hashBytes,
      choices.schema,
      options.maxRecordBytes,
    );
    const limits = {
      maxPendingBytes: options.maxPendingBytes,
      highWaterBytes: Math.min(options.highWaterBytes, Math.floor(options.maxPendingBytes / 2)),
    };
    // What this open asked for is what its appends promise, also when it joined a writer that another
    // open began.
    const durability: DurabilityChoice = choices.durability ?? {
      kind: options.durabilityKind as DurabilityChoice['kind'],
      intervalMs: options.intervalMs,
    };
    const source = new Writer(handle, directory, encoder, decoder, limits, durability);
    return { ...openedBy(facts), source };
  } catch (error) {
    // The open itself was right, its options were not: nobody gets this handle.
    await operate<void>((operation) => handle.close(operation)).catch(() => {});
    handle.forget();
    throw error;
  }
}

async function openReadOnly(directory: string, choices: OpenChoices): Promise<Opened> {
  const handle = await operate<NativeObserver>((operation) =>
    runtime().openObserver(operation, directory, choices.native),
  );
  const facts = handle.facts();
  const { decoder } = resolve(choices, facts);
  const skip = choices.native.skipCorruption ?? false;
  const source = new ReadOnlySource(handle, directory, decoder, skip, choices.onSkip);
  return { ...openedBy(facts), source };
}

export async function openJournal(directory: string, options: unknown): Promise<Opened> {
  const choices = checkOpenOptions(options);
  const opened = await (choices.readOnly
    ? openReadOnly(directory, choices)
    : openWriter(directory, choices));
  const { id, recovery } = opened;
  publishOpen({ directory, id, readOnly: choices.readOnly, recovery });
  if (choices.onSkip !== undefined) for (const range of recovery.skipped) choices.onSkip(range);
  return opened;
}
