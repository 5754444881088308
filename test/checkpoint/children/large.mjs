// Saves and loads a value of so many mebibytes as a stream, and says how far the memory grew at most.
import { Checkpoint } from 'tidemark';

const [directory, mebibytes] = process.argv.slice(2);
const mebibyte = 1024 * 1024;
const seconds = (begin) => Math.round(performance.now() - begin) / 1000;
/** The most that was resident so far. */
const peak = () => process.resourceUsage().maxRSS * 1024;
const checkpoint = await Checkpoint.open(directory, { codec: 'binary' });
const piece = Buffer.alloc(mebibyte, 7);
async function* value() {
  for (let i = 0; i < Number(mebibytes); i++) yield piece;
}
// What the first use of everything needs is no matter of the length.
await checkpoint.save(piece);
await checkpoint.load();
const before = peak();
let progress = 0;
let saved = 0;
const saving = performance.now();
await checkpoint.save(value(), {
  onProgress: ({ bytes }) => {
    progress++;
    saved = bytes;
  },
});
const saveSeconds = seconds(saving);
const loading = performance.now();
let loaded = 0;
const { stream } = await checkpoint.loadStream();
for await (const chunk of stream) {
  loaded += chunk.length;
  if (chunk[0] !== 7 || chunk.at(-1) !== 7) throw new Error('another value came back');
}
const loadSeconds = seconds(loading);
const grown = peak() - before;
await checkpoint.save(piece); // and makes room
await checkpoint.save(piece);
await checkpoint.close();
console.log(JSON.stringify({ saved, loaded, progress, grown, saveSeconds, loadSeconds }));
