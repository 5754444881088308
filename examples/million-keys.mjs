// A state with a million keys: a Map of counters. Fills it, saves a checkpoint while more events come,
// opens it again, and prints what each step took on this machine.
//
//   node million-keys.mjs STATE [keys]
//
// Run again it finds the keys that are there, and goes on with the events behind them.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DurableState } from 'tidemark';

const [directory, count = '1000000'] = process.argv.slice(2);
const keys = Number(count);
if (directory === undefined || !Number.isSafeInteger(keys) || keys < 1) {
  console.error('usage: node million-keys.mjs STATE [keys]');
  process.exit(64);
}
const batch = 10_000;
const keyOf = (n) => `user-${String(n).padStart(9, '0')}`;

const open = () =>
  DurableState.open(directory, {
    initial: () => new Map(),
    apply: (counters, { key, add }) => {
      counters.set(key, (counters.get(key) ?? 0) + add);
    },
    checkpoint: {}, // on demand, so that its time can be told
  });

/** Prints how long it took. */
async function timed(what, work) {
  const begun = performance.now();
  const result = await work();
  console.log(`${what}: ${Math.round(performance.now() - begun)} ms`);
  return result;
}

const bytesIn = (path) =>
  readdirSync(path, { recursive: true })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

let state = await timed('open', open);
console.log(`${state.value.size} keys, ${state.recovery.replayed} events applied`);

await timed(`${keys} events, ${batch} a commit`, async () => {
  for (let n = 0; n < keys; n += batch) {
    const size = Math.min(batch, keys - n);
    await state.commitBatch(
      Array.from({ length: size }, (_, i) => ({ key: keyOf(n + i), add: 1 })),
    );
  }
});

// Commits go on while the checkpoint is encoded and written; the longest one shows how far it is felt.
let saved = false;
const saving = timed('checkpoint', () => state.checkpoint()).finally(() => {
  saved = true;
});
let longest = 0;
let commits = 0;
while (!saved) {
  const begun = performance.now();
  await state.commit({ key: keyOf(commits++ % keys), add: 1 });
  longest = Math.max(longest, performance.now() - begun);
}
await saving;
const { bytes, slices, longestPauseMs } = state.stats().checkpoints;
console.log(
  `${mebibytes(bytes)} in ${slices} slices, longest pause ${longestPauseMs.toFixed(1)} ms; ` +
    `${commits} commits meanwhile, the longest ${longest.toFixed(1)} ms`,
);
const sum = [...state.value.values()].reduce((all, n) => all + n, 0);
await timed('close', () => state.close());

state = await timed('open again', open);
const again = [...state.value.values()].reduce((all, n) => all + n, 0);
console.log(
  `${state.value.size} keys, ${state.recovery.replayed} events applied behind the checkpoint, ` +
    (again === sum ? 'the same value' : 'ANOTHER VALUE'),
);
console.log(
  `resident ${mebibytes(process.memoryUsage.rss())}, on disk ${mebibytes(bytesIn(directory))}`,
);
await state.close();
process.exitCode = again === sum ? 0 : 1;
