// The journals that several parts read: made once in a run, when the first part asks for one.
import { join } from 'node:path';
import { MiB } from '../../../test/campaign/support.mjs';
import { SMALL_BINARY_BYTES } from '../workload.mjs';
import { runProcess } from './processes.mjs';

const SEGMENTS = 16;
/** Segments begin with 1 MiB and grow fourfold up to `segmentBytes`. */
const FIRST_SEGMENT = MiB;
const GROWTH = 4;
const OBJECTS = 10_000_000;
const FEW_OBJECTS = 10_000;
const PROBE_RECORDS = 10_000;
const CALLERS = 1024;
/** Small enough that 10,000 records fill 16 segments with whole commits. */
const FEW_BATCH = 25;
const BINARY_RECORDS = 3_000_000;
const LONG_RECORDS = 500_000;
export const LONG_BYTES = 1000;

const once = (make) => {
  let made;
  return () => {
    made ??= make();
    return made;
  };
};

/**
 * The `segmentBytes` with which that many bytes need 16 segments. The last one is half full: what is
 * appended later needs no other one.
 */
function segmentBytesFor(bytes, headerBytes) {
  const held = (segmentBytes) => {
    let sum = 0;
    for (let segment = 0; segment < SEGMENTS; segment += 1) {
      const size = Math.min(segmentBytes, FIRST_SEGMENT * GROWTH ** segment) - headerBytes;
      sum += segment === SEGMENTS - 1 ? size / 2 : size;
    }
    return sum;
  };
  let [low, high] = [headerBytes, bytes + headerBytes];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (held(middle) < bytes) low = middle;
    else high = middle;
  }
  return high;
}

export function makeCorpus({ directory, scale, log }) {
  const at = (name) => join(directory, name);
  const scaled = (records) => Math.max(PROBE_RECORDS, Math.round(records * scale));

  /** Objects in 16 segments; how large one is, is known when some have been written in the same way. */
  const inSegments = async (name, program, input) => {
    const used = async (records) => {
      const probe = { ...input, records, directory: at(`${name}-probe-${records}`), warm: false };
      return (await runProcess(program, probe)).bytesUsed;
    };
    const header = await used(0);
    const recordBytes = ((await used(PROBE_RECORDS)) - header) / PROBE_RECORDS;
    const segmentBytes = segmentBytesFor(recordBytes * input.records, header);
    const filled = await runProcess(program, { ...input, segmentBytes, directory: at(name) });
    log(`${name}: ${input.records} objects in ${filled.segments} segments, ${filled.seconds} s`);
    return { directory: at(name), records: input.records, ...filled };
  };
  const binary = async (name, records, bytes) => {
    const filled = await runProcess('fill', { directory: at(name), records, bytes });
    log(`${name}: ${records} records of ${bytes} bytes, ${filled.seconds} s`);
    return { directory: at(name), records, ...filled };
  };
  return {
    /** 10 million, appended by 1,024 callers, with the memory of their process. */
    objects: once(() =>
      inSegments('objects', 'append', { callers: CALLERS, records: scaled(OBJECTS), steps: 10 }),
    ),
    few: once(() => inSegments('few', 'fill', { records: FEW_OBJECTS, batch: FEW_BATCH })),
    binary: once(() => binary('binary', scaled(BINARY_RECORDS), SMALL_BINARY_BYTES)),
    long: once(() => binary('long', scaled(LONG_RECORDS), LONG_BYTES)),
  };
}
