// Opening after a clean close: time, and bytes read, in the number of segments and not of records.
// The unsealed segment is read to the end of its file, which is zero-filled ahead of the writer.
// Reading everything: right values within a bound of memory. Each step is a process of its own.
import { join } from 'node:path';
import { claim, KiB, median, runChild } from './support.mjs';

const OPENS = 5;
const BYTES_PER_SEALED_SEGMENT = 64 * KiB;
// Lock file, /proc of the holder and the like: not of the segments, and not growing with them.
const BYTES_BESIDE = 64 * KiB;
export const MOST_RESIDENT_BYTES = 150e6;

async function fillAndOpen(directory, records, log) {
  const filled = await runChild('fill', { directory, records });
  log(`${records} records appended in ${filled.seconds} s`);
  const opens = [];
  for (let turn = 0; turn < OPENS; turn += 1) opens.push(await runChild('open', { directory }));
  const [first] = opens;
  const sealed = first.segments.filter((segment) => segment.sealed);
  const unsealedBytes = first.segments
    .filter((segment) => !segment.sealed)
    .reduce((sum, segment) => sum + segment.bytes, 0);
  return {
    records,
    appendSeconds: filled.seconds,
    bytesUsed: filled.bytesUsed,
    sealedSegments: sealed.length,
    unsealedBytes,
    unsealedFileBytes: first.unsealedFileBytes,
    openMs: median(opens.map((open) => open.milliseconds)),
    openMsAll: opens.map((open) => open.milliseconds),
    bytesReadAtOpen: Math.max(...opens.map((open) => open.bytesRead)),
    bytesAllowed: sealed.length * BYTES_PER_SEALED_SEGMENT + first.unsealedFileBytes + BYTES_BESIDE,
    path: first.path,
    lastSeq: first.lastSeq,
  };
}

export async function openAndRead({ directory, records, fewRecords, log = () => {} }) {
  const few = await fillAndOpen(join(directory, 'few'), fewRecords, log);
  const many = await fillAndOpen(join(directory, 'many'), records, log);
  const reads = {};
  for (const form of ['read', 'readBatches']) {
    reads[form] = await runChild('read-all', { directory: join(directory, 'many'), form });
    log(`${form}: ${reads[form].seconds} s, ${Math.round(reads[form].peakBytes / 1e6)} MB`);
  }
  const claims = [few, many].flatMap((one) => [
    claim(
      `${one.records} records: opening after a clean close is clean`,
      one.path === 'clean' && one.lastSeq === one.records,
      one.lastSeq,
      one.records,
    ),
    claim(
      `${one.records} records: opening reads at most 64 KiB a sealed segment and the unsealed one`,
      one.bytesReadAtOpen <= one.bytesAllowed,
      one.bytesReadAtOpen,
      one.bytesAllowed,
    ),
  ]);
  for (const [form, result] of Object.entries(reads)) {
    claims.push(
      claim(
        `${form}: every record comes back with its seq and value`,
        result.right === records && result.wrong === 0,
        result.right,
        records,
      ),
      claim(
        `${form}: all records stay under 150 MB resident`,
        result.peakBytes < MOST_RESIDENT_BYTES,
        result.peakBytes,
        MOST_RESIDENT_BYTES,
      ),
    );
  }
  return { figures: { few, many, reads }, claims };
}
