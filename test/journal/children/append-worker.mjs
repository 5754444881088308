// A worker (or process) that appends to a journal on command and answers with the seqs.
//   { append: n } → { seqs }, { batch: n } → range, { block: ms } → { blocking: true } and then blocks,
//   { close: true } → { closed: true }, { exit: code }
import { parentPort, threadId } from 'node:worker_threads';
import { Journal } from 'tidemark';

const [directory, readOnly] = process.argv.slice(2);
const answer = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const open = () => Journal.open(directory, readOnly === 'readOnly' ? { readOnly: true } : {});

const commands = {
  async append(count, journal) {
    const values = Array.from({ length: count }, (_, n) => ({ threadId, pid: process.pid, n }));
    answer({ seqs: await Promise.all(values.map((value) => journal.append(value))) });
  },
  async batch(count, journal) {
    answer(await journal.appendBatch(Array.from({ length: count }, (_, n) => ({ threadId, n }))));
  },
  block(ms) {
    answer({ blocking: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    answer({ unblocked: true });
  },
  async follow(count, journal) {
    const seqs = [];
    answer({ following: true });
    for await (const { seq } of journal.follow()) {
      seqs.push(seq);
      if (seqs.length === count) break;
    }
    answer({ seqs });
  },
  async close(_, journal) {
    await journal.close();
    answer({ closed: true });
  },
  exit(code) {
    process.exit(code);
  },
};

const journal = await open().catch((error) => {
  answer({ error: error.code, holder: error.holder?.pid, message: error.message });
});
const port = parentPort ?? process;
port.on('message', (message) => {
  for (const [name, argument] of Object.entries(message)) {
    Promise.resolve(commands[name](argument, journal)).catch((error) => {
      answer({ error: error.code ?? error.message });
    });
  }
});
if (journal) answer({ open: true, recovery: journal.recovery.path });
