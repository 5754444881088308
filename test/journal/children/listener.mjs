// A worker that appends to a journal and listens to its commits: { append: n } → { appended: n },
// { close: true } → { commits: [[firstSeq, lastSeq], …] }, everything it was told of until then.
import { subscribe } from 'node:diagnostics_channel';
import { parentPort } from 'node:worker_threads';
import { Journal } from 'tidemark';

const commits = [];
subscribe('tidemark:commit', ({ firstSeq, lastSeq }) => commits.push([firstSeq, lastSeq]));
const journal = await Journal.open(process.argv[2]);
parentPort.on('message', async ({ append, close }) => {
  for (let n = 0; n < append; n += 1) await journal.append(n);
  if (append) parentPort.postMessage({ appended: append });
  if (!close) return;
  await journal.close();
  parentPort.postMessage({ commits });
  parentPort.removeAllListeners('message');
});
parentPort.postMessage({ open: true });
