// The judge of a peer behind a cut: every acknowledged record must be there, with its bytes. Records
// that were never acknowledged may be there or not; the judge of a peer asks for no more.
//
// What is found is read by a process of its own: a store that was damaged may end its reader.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { answer, childInput } from '../../campaign/support.mjs';
import { systemOf } from '../peers.mjs';
import { Records } from '../records.mjs';

const MOST_BYTES = 1 << 30;
const READER_MS = 60_000;

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

/** { found } or { why } */
function read() {
  const reader = join(import.meta.dirname, 'peer-reader.mjs');
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [reader, JSON.stringify({ directory, system })],
    { maxBuffer: MOST_BYTES, timeout: READER_MS, killSignal: 'SIGKILL' },
  );
  if (status === 0) return deserialize(stdout);
  return { why: `its reader ended with ${signal ?? status} ${stderr}`.trim() };
}

const { keepsLast = false } = await systemOf(system);
const problems = [];
const { found, why } = read();
if (why !== undefined && acknowledged.length > 0) problems.push(`unreadable: ${why}`);
const unreadable = problems.length > 0;
const lost = found ? lostOf(found, keepsLast) : acknowledged.length;
if (lost > 0 && !unreadable)
  problems.push(`${lost} of ${acknowledged.length} acknowledged are lost`);
answer({ problems, lost, unreadable, acknowledged: acknowledged.length });
