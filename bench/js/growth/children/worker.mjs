// One of the threads of workers.mjs: says when it has joined, and appends until it is told to stop.
import { parentPort, workerData } from 'node:worker_threads';
import { Journal } from '../../../../dist/index.mjs';
import { record } from '../../workload.mjs';
import { startCallers } from '../callers.mjs';

const { directory, callers, counts, place } = workerData;
const journal = await Journal.open(directory);
const append = async (n) => {
  await journal.append(record(n));
  counts[place] += 1; // no other thread writes it, or its cache line
};
const running = startCallers(append, callers);
parentPort.once('message', async () => {
  await running.stop();
  await journal.close();
});
parentPort.postMessage('ready');
