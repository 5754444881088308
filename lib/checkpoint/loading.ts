// From the file of a generation to its value: codec, version, schema.

import { constants } from 'node:buffer';
import { checkSynchronous } from '../arguments';
import type { NativeCheckpointFacts, NativeCheckpointReader } from '../binding';
import { resolveCodec } from '../codec/resolve';
import { validate } from '../codec/schema';
import { TidemarkError } from '../errors';
import type { OpenChoices } from './open-options';
import type { CheckpointFacts, CheckpointHeader, LoadedCheckpoint } from './options';
import { chunksOf } from './stream';

const noJournal = /^0*$/;

export function factsOf(facts: NativeCheckpointFacts): CheckpointFacts {
  const { generation, coveredSeq, journalId: id, epoch } = facts;
  const known = { generation, coveredSeq };
  return noJournal.test(id) ? known : { ...known, journal: { id, epoch } };
}

export function headerOf(facts: NativeCheckpointFacts): CheckpointHeader {
  return {
    ...factsOf(facts),
    version: facts.valueVersion,
    codec: { name: facts.codecName, version: facts.codecVersion },
    savedAt: new Date(facts.savedAt),
    valueBytes: facts.bodyBytes,
    bytes: facts.fileBytes,
  };
}

export function codecMismatch(
  choices: OpenChoices,
  recorded: { name: string; version: number },
  path: string,
): TidemarkError | undefined {
  const asked = choices.codec;
  if (asked === undefined) return undefined;
  if (asked.name === recorded.name && asked.version === recorded.version) return undefined;
  return new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `the checkpoint was saved with the codec '${recorded.name}' version ${recorded.version}, ` +
      `not '${asked.name}' version ${asked.version}: leave the option out, or open another directory`,
    { path },
  );
}

function checkVersion(choices: OpenChoices, { valueVersion, path }: NativeCheckpointFacts): void {
  const { version, migrate } = choices;
  if (valueVersion === version || (valueVersion < version && migrate !== undefined)) return;
  const what =
    valueVersion > version
      ? 'open it with the program that saved it, or a newer one'
      : 'give the option "migrate", which makes a value of this version of it';
  throw new TidemarkError(
    'ERR_TIDEMARK_VERSION',
    `the value was saved with version ${valueVersion}, and this program's is ${version}: ${what}`,
    { path },
  );
}

async function readBody(
  reader: NativeCheckpointReader,
  { bodyBytes, path }: NativeCheckpointFacts,
): Promise<Buffer> {
  if (bodyBytes > constants.MAX_LENGTH) {
    throw new TidemarkError(
      'ERR_TIDEMARK_TOO_LARGE',
      `the value has ${bodyBytes} encoded bytes, more than a Buffer can hold: use loadStream`,
      { path },
    );
  }
  let body: Buffer | undefined;
  let at = 0;
  for await (const chunk of chunksOf(reader)) {
    if (chunk.length === bodyBytes) return chunk;
    body ??= Buffer.allocUnsafeSlow(bodyBytes);
    body.set(chunk, at);
    at += chunk.length;
  }
  return body ?? Buffer.alloc(0);
}

function decode(choices: OpenChoices, facts: NativeCheckpointFacts, body: Buffer): unknown {
  const codec = resolveCodec(choices.codec, facts.codecName, 'checkpoint');
  try {
    return codec.decode(body, 0, body.length);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TidemarkError(
      'ERR_TIDEMARK_ENCODE',
      `generation ${facts.generation} is undamaged, but the codec '${codec.name}' cannot decode it: ` +
        `${reason}; loadStream gives its bytes`,
      { path: facts.path, cause },
    );
  }
}

/** Reads, verifies and decodes a generation, and closes its file. */
export async function loadValue<T>(
  choices: OpenChoices,
  reader: NativeCheckpointReader,
): Promise<LoadedCheckpoint<T>> {
  try {
    const facts = reader.facts();
    const mismatch = codecMismatch(
      choices,
      { name: facts.codecName, version: facts.codecVersion },
      facts.path,
    );
    if (mismatch !== undefined) throw mismatch;
    checkVersion(choices, facts);
    let value = decode(choices, facts, await readBody(reader, facts));
    if (facts.valueVersion !== choices.version) {
      value = checkSynchronous('migrate', choices.migrate?.(value, facts.valueVersion));
    }
    if (choices.schema !== undefined) value = validate(choices.schema, value);
    return { value: value as T, ...factsOf(facts) };
  } finally {
    reader.release();
  }
}
