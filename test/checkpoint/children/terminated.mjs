// Workers that are terminated in the middle of saves, in a process of its own, since what goes wrong
// there is an abort:  terminated.mjs DIRECTORY ROUNDS SEED
// Prints { rounds, terminated, acknowledged, newest } when every round held.
import assert from 'node:assert/strict';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Checkpoint } from 'tidemark';

const workers = 4;
/** Characters of a value. The small ones are saved in a tight loop, so that the end meets the call. */
const sizes = [10, 10, 10, 1000, 100_000, 3_000_000];
const small = 1000;
const burst = 2000;
const savesPerMessage = 50;

const numbered = (worker, n, size) => ({ worker, n, text: `${worker}:${n};`.padEnd(size, '.') });

async function* piecewise(value) {
  const text = JSON.stringify(value);
  for (let at = 0; at < text.length; at += 65_536) yield Buffer.from(text.slice(at, at + 65_536));
}

async function saveOnAndOn() {
  const { directory, worker, size, stream } = workerData;
  const checkpoint = await Checkpoint.open(directory, { codec: 'json' });
  for (let n = 0; ; ) {
    const saves = [];
    for (let i = 0; i < (size < small ? burst : 2); i++, n++) {
      if (size >= small || n % savesPerMessage === 0) parentPort.postMessage({ begun: n });
      const value = numbered(worker, n, size);
      saves.push(checkpoint.save(stream ? piecewise(value) : value));
    }
    const generations = (await Promise.all(saves)).map((saved) => saved.generation);
    parentPort.postMessage({ generation: Math.max(...generations) });
  }
}

/** Numbers below `of`, the same for a seed. */
function drawer(seed) {
  let state = seed;
  return (of) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * of);
  };
}

async function main([directory, rounds, seed]) {
  const draw = drawer(Number(seed));
  let acknowledged = 0;
  let terminated = 0;
  let newest;
  for (let round = 0; round < Number(rounds); round++) {
    await Promise.all(
      Array.from({ length: workers }, async (_, index) => {
        const size = sizes[draw(sizes.length)];
        const worker = new Worker(new URL(import.meta.url), {
          workerData: {
            ...{ directory, worker: round * workers + index, size },
            stream: size >= small && draw(2) === 0,
          },
        });
        // So many of its messages later, wherever it is then.
        let left = 1 + draw(size < small ? (2 * burst) / savesPerMessage : 8);
        let ends;
        worker.on('message', ({ generation }) => {
          if (generation !== undefined) acknowledged = Math.max(acknowledged, generation);
          left -= 1;
          if (left === 0) ends = worker.terminate();
        });
        await new Promise((resolve, reject) => {
          worker.once('error', reject).once('exit', resolve);
        });
        assert.notEqual(ends, undefined, 'a worker ends when it is told to');
        terminated += 1;
      }),
    );
    const checkpoint = await Checkpoint.open(directory, { codec: 'json' });
    const { value, generation } = await checkpoint.load();
    assert.ok(value.text.startsWith(`${value.worker}:${value.n};`));
    assert.ok(/^[0-9]+:[0-9]+;\.*$/.test(value.text));
    assert.ok(generation >= acknowledged, 'an acknowledged generation is there');
    assert.deepEqual((await checkpoint.loadLenient()).rejected, []);
    const saved = await checkpoint.save(numbered(-round, 0, 10));
    assert.ok(saved.generation > generation);
    newest = acknowledged = saved.generation;
    await checkpoint.close();
  }
  console.log(JSON.stringify({ rounds: Number(rounds), terminated, newest }));
}

if (isMainThread) await main(process.argv.slice(2));
else await saveOnAndOn();
