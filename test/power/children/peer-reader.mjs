// Reads all records of a peer's store, and writes them to standard output as the engine serializes
// them: { found } in order, or { why } it cannot be read.
import { writeSync } from 'node:fs';
import { serialize } from 'node:v8';
import { childInput } from '../../campaign/support.mjs';
import { systemOf } from '../peers.mjs';

const { directory, system } = childInput();
const { readAll } = await systemOf(system);
let result;
try {
  result = { found: await readAll(directory) };
} catch (error) {
  result = { why: `${error.code ?? ''} ${error.message}`.trim() };
}
const bytes = serialize(result);
for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
// Not by itself: a store may have left something open.
process.exit(0);
