// Nanoseconds of one call of crc32c() from JavaScript, by length; of tidemark also which kernel it is.
import { native } from '../../../../dist/native.js';
import { answer, childInput } from '../../../../test/campaign/support.mjs';

const { system, lengths, milliseconds } = childInput();
const { crc32c } = await import(system === 'tidemark' ? '../../../../dist/index.mjs' : system);

/** The clock is read between runs of calls only. */
function nanoseconds(bytes, forMs) {
  const calls = Math.max(1, Math.floor(1e6 / bytes.length));
  let done = 0;
  let sum = 0;
  const begin = performance.now();
  let now = begin;
  while (now - begin < forMs) {
    for (let call = 0; call < calls; call += 1) sum ^= crc32c(bytes);
    done += calls;
    now = performance.now();
  }
  return { perCall: ((now - begin) * 1e6) / done, sum };
}

const known = Buffer.from('123456789');
if (crc32c(known) !== 0xe3069283) throw new Error(`${system} computes another checksum`);
const figures = system === 'tidemark' ? { kernel: native().crc32cKernel() } : {};
for (const length of lengths) {
  const bytes = Buffer.alloc(length, 0x61);
  nanoseconds(bytes, milliseconds / 3);
  figures[length] = nanoseconds(bytes, milliseconds).perCall;
}
answer(figures);
