// Verifies a journal whose files are in the page cache, or reads the same files with pread in pieces of
// 1 MiB into one buffer; bytes per second of the records and their frames.
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { verify } from '../../../../dist/index.mjs';
import { answer, childInput, MiB } from '../../../../test/campaign/support.mjs';

const { directory, records, how } = childInput();
const files = readdirSync(directory)
  .filter((name) => name.startsWith('segment-'))
  .map((name) => join(directory, name));
const buffer = Buffer.alloc(MiB);

function pread(file) {
  const descriptor = openSync(file, 'r');
  let at = 0;
  for (;;) {
    const got = readSync(descriptor, buffer, 0, buffer.length, at);
    if (got === 0) break;
    at += got;
  }
  closeSync(descriptor);
  return at;
}

const ways = {
  pread: async () => {
    for (const file of files) pread(file);
  },
  verify: async () => {
    const report = await verify(directory);
    if (!report.ok || report.records !== records) throw new Error('the journal is not whole');
  },
};

const bytes = files.reduce((sum, file) => sum + pread(file), 0);
await ways[how]();
const processor = process.cpuUsage();
const begin = performance.now();
await ways[how]();
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(processor);
answer({ bytesPerSecond: bytes / seconds, seconds, cpuSeconds: (user + system) / 1e6 });
