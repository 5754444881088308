// The judge of a peer behind a cut: every acknowledged record must be there, with its bytes. Records
// that were never acknowledged may be there or not; the judge of a peer asks for no more.
import { readFileSync } from 'node:fs';
import { answer, childInput } from '../../campaign/support.mjs';
import { systemOf } from '../peers.mjs';
import { Records } from '../records.mjs';

const { directory, before, seed, largest, system } = childInput();
const records = new Records(seed, largest);
const acknowledged = [...readFileSync(before, 'utf8').matchAll(/^a (\d+)$/gm)].map(([, n]) =>
  Number(n),
);
const isRecord = (bytes, n) => bytes !== undefined && records.judge(n, bytes).problem === undefined;

/** How many of the acknowledged records are not there. */
function lostOf(found, keepsLast) {
  if (!keepsLast) return acknowledged.filter((n) => !isRecord(found[n - 1], n)).length;
  const most = acknowledged.reduce((a, b) => Math.max(a, b), 0);
  const last = found.length > 0 ? records.seqOf(found[0]) : 0;
  return isRecord(found[0], last) ? Math.max(0, most - last) : most;
}

const { readAll, keepsLast = false } = await systemOf(system);
const problems = [];
let found;
try {
  found = await readAll(directory);
} catch (error) {
  if (acknowledged.length > 0) problems.push(`unreadable: ${error.code ?? ''} ${error.message}`);
}
const unreadable = problems.length > 0;
const lost = found ? lostOf(found, keepsLast) : acknowledged.length;
if (lost > 0 && !unreadable)
  problems.push(`${lost} of ${acknowledged.length} acknowledged are lost`);
answer({ problems, lost, unreadable, acknowledged: acknowledged.length });
