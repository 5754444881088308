// Saves a value of so many bytes again and again: as a checkpoint, with write-file-atomic (of
// bench/js), and with node:fs, by turns.
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Checkpoint } from '../../../dist/index.mjs';
import { answer, childInput, latencies } from '../support.mjs';

const { directory, bytes, saves, withPeer } = childInput();
const warmUp = 3;

/** What a program has to do by itself, so that a value is there after a power cut. */
async function writeDurably(path, data) {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  await file.writeFile(data);
  await file.sync();
  await file.close();
  await rename(temporary, path);
  const folder = await open(join(path, '..'), 'r');
  await folder.sync();
  await folder.close();
}

const place = (name) => {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const checkpoint = await Checkpoint.open(place('checkpoint'), { codec: 'binary' });
const file = join(place('fs'), 'value');
const peerFile = join(place('peer'), 'value');
const forms = {
  tidemark: (value) => checkpoint.save(value),
  'node:fs': (value) => writeDurably(file, value),
};
if (withPeer) {
  const peer = await import('../../../bench/js/node_modules/write-file-atomic/lib/index.js');
  forms['write-file-atomic'] = (value) => peer.default(peerFile, value);
}
const times = Object.fromEntries(Object.keys(forms).map((name) => [name, []]));
const value = Buffer.alloc(bytes, 'a value that is saved ');
for (let turn = -warmUp; turn < saves; turn += 1) {
  value.writeInt32LE(turn, 0);
  for (const [name, save] of Object.entries(forms)) {
    const begun = performance.now();
    await save(value);
    if (turn >= 0) times[name].push(performance.now() - begun);
  }
}
const loaded = await checkpoint.load();
await checkpoint.close();
const held = [Buffer.from(loaded.value), readFileSync(file)];
if (withPeer) held.push(readFileSync(peerFile));
answer({
  whole: held.every((found) => found.equals(value)),
  times: Object.fromEntries(
    Object.entries(times).map(([name, milliseconds]) => [name, latencies(milliseconds)]),
  ),
});
