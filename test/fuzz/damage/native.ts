// What the package says of a directory: verify, and what a read-only open shows that steps over damage.

import { TidemarkError } from 'tidemark';
import { type VerifyReport, verify } from 'tidemark/recovery';
import type { NativeBatch, NativeObserver } from '#lib/binding';
import { operate, runtime } from '#lib/runtime';

export interface NativeAnswer {
  /** Undefined: refused with this code. */
  report: VerifyReport | undefined;
  refusal: string | undefined;
  /** As they are stored, by seq. */
  records: Map<number, Uint8Array>;
}

const readBytes = 4 << 20;
const readRecords = 4096;

async function codeOf(error: unknown): Promise<string> {
  if (error instanceof TidemarkError) return error.code;
  throw error;
}

async function readAll(observer: NativeObserver): Promise<Map<number, Uint8Array>> {
  const records = new Map<number, Uint8Array>();
  const range = new Float64Array(2);
  observer.range(range);
  let [from = 1, to = 0] = range;
  const reader = observer.reader();
  while (from <= to) {
    const batch = await operate<NativeBatch>((operation) =>
      reader.read(operation, from, to, readBytes, readRecords, false, true),
    );
    if (batch.lengths.length === 0) break;
    let at = 0;
    for (const [index, length] of batch.lengths.entries()) {
      records.set(batch.firstSeq + index, new Uint8Array(batch.bytes.subarray(at, at + length)));
      at += length;
    }
    from = batch.firstSeq + batch.lengths.length;
  }
  reader.release();
  return records;
}

/** To be called inside of `run` of the disk that has the directory. */
export async function askNative(directory: string): Promise<NativeAnswer> {
  let report: VerifyReport | undefined;
  let refusal: string | undefined;
  try {
    report = await verify(directory);
  } catch (error) {
    refusal = await codeOf(error);
  }
  let records = new Map<number, Uint8Array>();
  try {
    const observer = await operate<NativeObserver>((operation) =>
      runtime().openObserver(operation, directory, { skipCorruption: true }),
    );
    records = await readAll(observer);
    observer.close();
  } catch (error) {
    await codeOf(error);
  }
  return { report, refusal, records };
}
