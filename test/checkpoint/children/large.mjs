// Saves and loads a value of so many mebibytes as a stream, and says how far the memory grew.
import { Checkpoint } from 'tidemark';

const [directory, mebibytes] = process.argv.slice(2);
const mebibyte = 1024 * 1024;
const checkpoint = await Checkpoint.open(directory, { codec: 'binary' });
const piece = Buffer.alloc(mebibyte, 7);
async function* value() {
  for (let i = 0; i < Number(mebibytes); i++) yield piece;
}
// What the first use of everything needs is no matter of the length.
await checkpoint.save(piece);
const before = process.memoryUsage.rss();
let progress = 0;
let saved = 0;
await checkpoint.save(value(), {
  onProgress: ({ bytes }) => {
    progress++;
    saved = bytes;
  },
});
let loaded = 0;
const { stream } = await checkpoint.loadStream();
let most = process.memoryUsage.rss();
for await (const chunk of stream) {
  loaded += chunk.length;
  most = Math.max(most, process.memoryUsage.rss());
}
await checkpoint.save(piece); // and makes room
await checkpoint.save(piece);
await checkpoint.close();
console.log(JSON.stringify({ saved, loaded, progress, grown: most - before }));
