// No disk at all: the encoded objects lie in memory, in pieces like those that readBatches gets, and
// are decoded into the same arrays with the options of tidemark's codec. An upper bound.
import { Packr } from 'msgpackr';
import { answer, childInput } from '../../../../test/campaign/support.mjs';
import { packOptions } from '../../systems/codec.mjs';
import { record } from '../../workload.mjs';

const PIECE_RECORDS = 2048;

const { records } = childInput();
const packr = new Packr({ ...packOptions, copyBuffers: true });
const pieces = [];
for (let first = 1; first <= records; first += PIECE_RECORDS) {
  const length = Math.min(PIECE_RECORDS, records - first + 1);
  const packed = Array.from({ length }, (_, index) => packr.pack(record(first + index)));
  pieces.push({
    bytes: Buffer.concat(packed),
    lengths: Uint32Array.from(packed, (bytes) => bytes.length),
  });
}

const part = { start: 0, end: 0 };
function decode({ bytes, lengths }) {
  const values = new Array(lengths.length);
  part.end = 0;
  for (let index = 0; index < lengths.length; index += 1) {
    part.start = part.end;
    part.end += lengths[index];
    values[index] = packr.unpack(bytes, part);
  }
  return values;
}

function lap() {
  let count = 0;
  for (const piece of pieces) count += decode(piece).length;
  return count;
}

lap();
const processor = process.cpuUsage();
const begin = performance.now();
const count = lap();
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(processor);
if (count !== records) throw new Error(`decoded ${count} records of ${records}`);
answer({ perSecond: count / seconds, seconds, cpuMicros: (user + system) / count });
