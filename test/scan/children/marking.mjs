// A worker thread that marks targets of a scan as it is told, all at once, and says what it knows.
import { parentPort, workerData } from 'node:worker_threads';
import { Scan } from '../../../dist/index.mjs';

const { directory, id, options } = workerData;
const scan = await Scan.open(directory, { id, ...options });
parentPort.postMessage({ open: true });
parentPort.on('message', async ({ mark, until, close }) => {
  if (mark !== undefined) {
    await Promise.all(mark.map((target) => scan.markComplete(target, { findings: 1 })));
    parentPort.postMessage({ marked: mark.length, counts: scan.counts });
  }
  if (until !== undefined) {
    while (scan.counts.complete < until) await new Promise((resolve) => setTimeout(resolve, 5));
    const { seq, savesCheckpoints, checkpoints } = scan.stats();
    const stats = { seq, savesCheckpoints, saved: checkpoints.saved };
    parentPort.postMessage({ counts: scan.counts, stats });
  }
  if (close) {
    await scan.close();
    parentPort.postMessage({ closed: true });
    parentPort.close();
  }
});
