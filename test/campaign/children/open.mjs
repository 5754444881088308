// Opens and closes a journal; how long the open took and how many bytes it read.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c, Journal } from '../../../dist/index.mjs';
import { answer, bytesReadSoFar, childInput } from '../support.mjs';

const { directory } = childInput();
crc32c(Buffer.from('the addon is loaded before anything is measured'));
// The ids in the names ascend: the last one is the unsealed segment.
const last = readdirSync(directory)
  .filter((name) => name.startsWith('segment-'))
  .sort()
  .at(-1);
const unsealedFileBytes = statSync(join(directory, last)).size;
bytesReadSoFar();
const before = bytesReadSoFar();
const itself = bytesReadSoFar() - before; // what a look at the counter reads
const begin = performance.now();
const journal = await Journal.open(directory);
const milliseconds = Math.round((performance.now() - begin) * 1000) / 1000;
const bytesRead = bytesReadSoFar() - before - 2 * itself;
const segments = journal.segments();
const { path } = journal.recovery;
const { lastSeq } = journal;
await journal.close();
answer({ milliseconds, bytesRead, unsealedFileBytes, segments, path, lastSeq });
