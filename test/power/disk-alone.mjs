// power_disk without a file system: writes to its file, cuts, and what each image holds, sector by
// sector. In namespaces of its own, like session.mjs.
//
// Argument, as JSON: `program`, `directory`, `bytes` (size of the disk), `atomic` (ranges), `steps`
// ({ write: [first sector, sectors, value] }, { flush: true }, { lie: true }) and `cuts` ([mode, seed]).
// A write fills its sectors with the byte `value`. Answers with one list of sectors for each cut, each
// the byte it is filled with, or -1 for anything else.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { answer, childInput } from '../campaign/support.mjs';
import { LineChild, within } from './processes.mjs';

const SECTOR = 512;
const { program, directory, bytes, atomic = [], steps, cuts } = childInput();
process.stdin.on('end', () => process.exit(1)).resume();

const base = join(directory, 'base');
closeSync(openSync(base, 'w'));
truncateSync(base, bytes);
const mount = join(directory, 'fuse');
mkdirSync(mount);
const disk = new LineChild('power_disk serve', program, ['serve', base, mount, ...atomic]);
await disk.next('starting');

/** The byte that a sector is filled with. */
const filling = (sector) => (sector.every((byte) => byte === sector[0]) ? sector[0] : -1);

const file = openSync(join(mount, 'disk'), 'r+');
for (const { write, flush, lie } of steps) {
  if (write) {
    const [first, sectors, value] = write;
    writeSync(file, Buffer.alloc(sectors * SECTOR, value), 0, sectors * SECTOR, first * SECTOR);
  }
  if (flush) fsyncSync(file);
  if (lie) disk.say('lie');
}
const found = [];
for (const [n, [mode, seed]] of cuts.entries()) {
  const image = join(directory, `cut-${n}`);
  disk.say(`cut ${image} ${mode} ${seed} 0 0 0`);
  await disk.next('cutting');
  const whole = readFileSync(image);
  const sectors = Array.from({ length: bytes / SECTOR }, (_, s) =>
    filling(whole.subarray(s * SECTOR, (s + 1) * SECTOR)),
  );
  found.push(sectors);
}
closeSync(file);
disk.endInput();
await within('ending the disk', disk.ended);
answer(found);
process.stdin.destroy(); // it alone would keep us
