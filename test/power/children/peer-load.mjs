// The load on a peer: several callers append records 1, 2, 3, … Goes on until it is killed. Each
// promise that resolved is a line `a <record>` on standard output, written after it resolved.
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { childInput } from '../../campaign/support.mjs';
import { systemOf } from '../peers.mjs';
import { Records } from '../records.mjs';

const { directory, seed, callers, largest, system, options } = childInput();
const records = new Records(seed, largest);

// That its directory is there is not for the peer to see to.
mkdirSync(directory);
const parent = openSync(dirname(directory), 'r');
fsyncSync(parent);
closeSync(parent);

const { open } = await systemOf(system);
const log = await open(directory, { binary: true, ...options });
let next = 1;
async function caller() {
  for (;;) {
    const record = next;
    next += 1;
    await log.append(records.bytes(1, record));
    writeSync(1, `a ${record}\n`);
  }
}
await Promise.all(Array.from({ length: callers }, caller));
