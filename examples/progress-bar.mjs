// A scan with a progress bar: checksums of the files of a directory tree. Stop it however you like and
// start it again: it goes on, and the time in between does not count.
//
//   node progress-bar.mjs SCAN TREE
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Scan } from 'tidemark';

const [directory, tree] = process.argv.slice(2);
if (directory === undefined || tree === undefined) {
  console.error('usage: node progress-bar.mjs SCAN TREE');
  process.exit(64);
}
const files = (await readdir(tree, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

const scan = await Scan.open(directory, { id: 'checksums', total: files.length });
scan.progress.on('update', ({ complete, failed, total, eta }) => {
  const done = complete + failed;
  const filled = Math.round((done / total) * 30);
  const left = eta === null ? '' : `, ${Math.ceil(eta / 1000)} s left`;
  process.stderr.write(`\r[${'#'.repeat(filled).padEnd(30, '.')}] ${done} of ${total}${left}   `);
});
await scan.run(files, async (file) => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  console.log(`${hash.digest('hex')}  ${file}`);
});
const { complete, failed } = scan.counts;
await scan.close();
console.error(`\n${complete} files, ${failed} could not be read`);
