// What the commands that read share: opening without changing anything, and naming what was met.

import type { Codec } from '../codec/index';
import { Journal, type JournalOptions } from '../journal/index';
import { type RecoveryReport, type VerifyProblem, verify } from '../recovery/index';
import { codeOf, isMissing, missingError } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { jsonTextCodec } from './raw-json';

type Choices = Omit<JournalOptions<unknown>, 'codec'>;

/**
 * Opens read-only; a journal of the json codec gives its JSON texts, one of a codec that
 * is not built in gives the bytes of its records.
 */
export async function openForReading(
  directory: string,
  choices: Pick<Choices, 'onCorruption' | 'onSkip'> = {},
): Promise<Journal<unknown>> {
  return openWithAnyCodec(directory, { ...choices, readOnly: true });
}

/** Opens for writing, but makes no journal where there is none: a mistyped name must not. */
export async function openExisting(directory: string): Promise<Journal<unknown>> {
  await (await openForReading(directory)).close();
  return openWithAnyCodec(directory, {});
}

async function openWithAnyCodec(directory: string, choices: Choices): Promise<Journal<unknown>> {
  const codecs = [
    () => jsonTextCodec as Codec<unknown>,
    () => undefined,
    () => recordedCodec(directory),
  ];
  let mismatch: unknown;
  for (const codecOf of codecs) {
    try {
      const codec = await codecOf();
      return await Journal.open<unknown>(directory, {
        ...choices,
        ...(codec === undefined ? {} : { codec }),
      });
    } catch (error) {
      if (codeOf(error) !== 'ERR_TIDEMARK_MISMATCH') throw explainMissing(directory, error);
      mismatch = error;
    }
  }
  throw mismatch;
}

/** Stands in for a codec that only its user has: values are the bytes of the records. */
async function recordedCodec(directory: string): Promise<Codec<unknown> | undefined> {
  const { recorded } = await verify(directory, { bodies: false });
  if (recorded === undefined) return undefined;
  const { codecName: name, codecVersion: version } = recorded;
  return { name, version, encode: (value) => value as Uint8Array, decode: (bytes) => bytes };
}

/** "Not there" in the words of the command line. */
export function explainMissing(directory: string, error: unknown): unknown {
  if (!isMissing(error)) return error;
  return missingError(`There is no journal in ${directory}.`, error);
}

/** The bytes behind the end that nobody was promised. */
export function describeTail(
  tail: RecoveryReport['tail'],
  cut: RecoveryReport['cut'],
): string | undefined {
  if (tail === 'clean' || cut === undefined) return undefined;
  const place = `${format.plural(cut.bytes, 'byte')} at offset ${cut.offset} of segment ${cut.segment}`;
  const seqs = cut.fromSeq ? ` (${format.seqRange(cut.fromSeq, cut.toSeq)})` : '';
  return tail === 'torn'
    ? `The tail is torn: ${place}${seqs} were never acknowledged and are left out.`
    : `The tail is undecidable: ${place}${seqs} are wrong, and nothing proves that they were acknowledged; they are left out.`;
}

/** The first problem of a damaged journal, where it is and what to do next. */
export function describeProblem(directory: string, first: VerifyProblem, problems: number): string {
  const seqs = first.fromSeq > 0 ? `, ${format.seqRange(first.fromSeq, first.toSeq)}` : '';
  const place = `segment ${first.segment}, offset ${first.offset}${seqs}`;
  const more = problems > 1 ? ` (and ${format.plural(problems - 1, 'more problem')})` : '';
  const next = `"tidemark verify ${directory}" lists every problem`;
  return first.kind === 'unreadable'
    ? `ERR_TIDEMARK_IO: ${place}: ${first.detail}${more}. ${next}; try again when the disk can be read.`
    : `ERR_TIDEMARK_CORRUPT: ${place}: ${first.detail}${more}. ${next}; ` +
        `"tidemark salvage ${directory} OUT" copies what is sound.`;
}

/** Says on standard error what a read-only open left out. */
export function noteRecovery(io: Io, recovery: RecoveryReport): void {
  const tail = describeTail(recovery.tail, recovery.cut);
  if (tail !== undefined) note(io, tail);
}
