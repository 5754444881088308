// Runs a session of a writer under strace, which fails, skips or kills at the n-th call of a kind, and
// reads back what strace saw: each call with its file, in the order in which they happened.
//
// Only calls on the files of the journal are looked at (-P), so that `when=N` counts those, whatever
// Node itself opens. It counts per thread: the N-th call of every thread is hit. strace ends what it
// does to a call before the next one, so that its lines are in an order that happened.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from './told.mjs';

const writer = join(import.meta.dirname, 'children', 'writer.mjs');
/** A session takes well under a second; one that hangs is a finding. */
const MOST_MS = 60_000;
/** Segments that a session can reach, with one lost to each fault. */
const MOST_SEGMENTS = 40;
/** Temporaries of marks that one session can reach. */
const MOST_MARKS = 24;
/**
 * Of the data of a call: headers of frames and lines of `said` fit in. A direct write begins with what
 * its first block holds already: the frame begins somewhere in there.
 */
const SHOWN_BYTES = 256;
const SHOWN_DIRECT_BYTES = 4096 + SHOWN_BYTES;
/** Everything by which native/io/posix changes files, and `write` by which the writer says things. */
const traced =
  'pwritev,fdatasync,fsync,rename,renameat,renameat2,openat,ftruncate,unlink,mkdir,pread64,write';

/** The paths that a session touches: strace compares whole paths, a directory is not enough. */
function pathsOf(directory, journal, said) {
  const hex = (id) => id.toString(16).padStart(16, '0');
  const names = ['journal.lock', 'head', 'cursor-reader.mark'];
  for (let id = 1; id <= MOST_SEGMENTS; id += 1) {
    names.push(`segment-${hex(id)}.tide`, `segment-${hex(id)}.tide.tmp`);
  }
  for (let n = 1; n <= MOST_MARKS; n += 1) {
    names.push(`head.tmp-${n}`, `cursor-reader.mark.tmp-${n}`);
  }
  return [directory, journal, said, ...names.map((name) => join(journal, name))];
}

/**
 * One session in `directory`/journal with `injection`, what strace puts behind `-e inject=`.
 * @returns what the writer said, how it ended, and the calls
 */
export async function tracedSession(directory, { session, injection, rounds, ending, direct }) {
  const journal = join(directory, 'journal');
  const said = join(directory, 'said');
  const log = join(directory, `strace-${session}`);
  mkdirSync(directory, { recursive: true });
  // Opened here: an open of the writer's own would be hit as well.
  const descriptor = openSync(said, 'a');
  const options = { directIO: direct === true };
  const input = { directory: journal, said: 3, session, rounds, ending, options };
  // strace 6.1 forgets injected signals when it traces by seccomp-bpf, which is otherwise quicker.
  const fast = injection?.includes('signal=') ? [] : ['--seccomp-bpf'];
  const args = [
    ...[
      '-f',
      '-qq',
      ...fast,
      '-y',
      '-xx',
      '-s',
      `${direct ? SHOWN_DIRECT_BYTES : SHOWN_BYTES}`,
      '-o',
      log,
    ],
    ...['-e', `trace=${traced}`, '-e', 'signal=none'],
    ...(injection === undefined ? [] : ['-e', `inject=${injection}`]),
    ...pathsOf(directory, journal, said).flatMap((path) => ['-P', path]),
    ...[process.execPath, writer, JSON.stringify(input)],
  ];
  const ended = await run('strace', args, descriptor).finally(() => closeSync(descriptor));
  return {
    ...ended,
    lines: linesOf(readFileSync(said, 'utf8')),
    calls: callsOf(readFileSync(log, 'utf8')),
  };
}

function run(command, args, said) {
  return new Promise((resolve, reject) => {
    // A group of its own: what hangs is ended with the process that strace runs.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', said], detached: true });
    let complaint = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, MOST_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        complaint += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, late, complaint });
    });
  });
}

const line = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/;

/**
 * The calls of a log of strace -f -y:
 * { thread, name, text, result, failed, injected, path, through, from, to }.
 * `from` and `to` are the numbers of the lines in which it began and ended: a call that has ended before
 * another began has its `to` below the other's `from`. A call that the end of its process cut has none.
 */
export function callsOf(text) {
  const calls = [];
  const open = new Map();
  for (const [number, one] of text.split('\n').entries()) {
    const match = line.exec(one);
    if (match === null) continue;
    const [, thread, resumed, name, rest] = match;
    const begun =
      resumed === undefined ? { thread, name, text: '', from: number } : open.get(thread);
    if (begun === undefined) continue;
    begun.text += rest;
    if (begun.text.endsWith('<unfinished ...>')) {
      begun.text = begun.text.slice(0, -'<unfinished ...>'.length);
      open.set(thread, begun);
      if (resumed === undefined) calls.push(begun);
      continue;
    }
    open.delete(thread);
    if (resumed === undefined) calls.push(begun);
    const result = / = (-?\d+|\?)(?:<[^>]*>)?(?: (E[A-Z]+))?[^=]*$/.exec(begun.text);
    begun.to = result?.[1] === '?' ? undefined : number;
    begun.result = Number(result?.[1]);
    begun.error = result?.[2];
    begun.injected = begun.text.endsWith('(INJECTED)');
  }
  for (const call of calls) call.path = pathOf(call);
  markDurableWrites(calls);
  return calls;
}

/** `through`: a write by a descriptor that was opened with O_DSYNC, durable when it returns. */
function markDurableWrites(calls) {
  const synchronous = new Map();
  for (const call of calls) {
    if (call.name === 'openat' && call.result >= 0) {
      synchronous.set(call.result, call.text.includes('O_DSYNC'));
    } else if (call.name === 'pwritev') {
      call.through = synchronous.get(Number.parseInt(call.text, 10)) === true;
    }
  }
}

const bytesOf = (hex) => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** The file of a call: by descriptor, else the first path in its arguments. */
function pathOf({ text }) {
  const byDescriptor = /^\d+<([^>]*)>/.exec(text);
  const found = byDescriptor ?? /"((?:\\x[0-9a-f]{2})+)"/.exec(text);
  if (found === null) return '';
  return found[1].includes('\\x') ? bytesOf(found[1]).toString() : found[1];
}

/** The second path of a rename, the data of a write: what stands between quotation marks. */
export const textsOf = ({ text }) =>
  [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => bytesOf(hex));
