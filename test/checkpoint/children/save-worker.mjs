// A worker or a process that saves on command:
//   { save: n, stream? } → { generations }, { close: true } → { closed: true },
//   { hang: true } → { hanging: true } in the middle of a stream that never ends
import { parentPort } from 'node:worker_threads';
import { Checkpoint } from 'tidemark';

const [directory, number] = process.argv.slice(2);
const worker = Number(number);
const answer = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
const numbered = (n) => ({ worker, n, text: `${worker}:${n};`.repeat(2000) });

async function* encoded(n) {
  yield Buffer.from(JSON.stringify(numbered(n)));
}

async function* endless() {
  yield Buffer.alloc(2_000_000);
  await new Promise(() => setInterval(() => {}, 1_000_000));
}

const commands = {
  async save(count, checkpoint, { stream }) {
    const saves = [];
    for (let n = 1; n <= count; n++) {
      saves.push(checkpoint.save(stream ? encoded(n) : numbered(n)));
      if (n % 10 === 0) await saves.at(-1);
    }
    const saved = await Promise.all(saves);
    answer({ generations: saved.map(({ generation }) => generation) });
  },
  async hang(_, checkpoint) {
    let told = false;
    const onProgress = () => {
      if (!told) answer({ hanging: true });
      told = true;
    };
    await checkpoint.save(endless(), { onProgress });
  },
  async close(_, checkpoint) {
    await checkpoint.close();
    answer({ closed: true });
  },
};

try {
  const checkpoint = await Checkpoint.open(directory, { codec: 'json' });
  (parentPort ?? process).on('message', (message) => {
    const [name, argument] = Object.entries(message)[0];
    commands[name](argument, checkpoint, message).catch((error) => {
      answer({ error: error.code ?? error.message });
    });
  });
  answer({ open: true });
} catch (error) {
  answer({ error: error.code, holder: error.holder?.pid });
}
