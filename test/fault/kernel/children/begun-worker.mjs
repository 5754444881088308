// A worker thread that appends until it is terminated, one record behind the other, so that a write is
// under way when it is. Tells the thread that started it when it may do so: `command` has to happen
// before, or some records are acknowledged.
import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Journal } from 'tidemark';
import { Teller } from '../teller.mjs';

const { directory, session, command, control, options } = workerData;
const ENOUGH = 10;

const journal = await Journal.open(directory, options);
const teller = new Teller((line) => writeSync(1, `${JSON.stringify(line)}\n`), session);
const append = async () => {
  for (;;) await teller.one(journal);
};
append();
while (teller.acknowledged < ENOUGH) await turn();
if (command !== undefined) {
  writeFileSync(control, command);
  while (!existsSync(`${control}.done`)) await turn();
}
parentPort.postMessage('under way');
