// Runs a session of a writer under strace, which fails, skips or kills at the n-th call of a kind, and
// reads back what strace saw: each call with its file, in the order in which they happened.
//
// Only calls on the files of the journal are looked at (-P), so that `when=N` counts those, whatever
// Node itself opens. It counts per thread: the N-th call of every thread is hit. strace ends what it
// does to a call before the next one, so that its lines are in an order that happened.
//
// -P hides a write that is begun with io_submit(2), whose file stands in a structure. A session with
// such writes is traced without it, and what is injected there has to be a call of the library only;
// in the others the system refuses to begin any, so that nothing they do is hidden.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
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
const tracedBegun = `${traced},io_setup,io_submit,io_getevents`;

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
 * How a session writes. `buffered`: a sync makes its commits durable. `direct`: each is durable by its
 * own write, made by the writer's thread. `begun`: likewise, and lone commits are begun.
 * @typedef {'buffered' | 'direct' | 'begun'} Mode
 */

/** What makes io_setup(2) fail, as where it is forbidden; `faults` is faults.c, compiled. */
function refuseToBegin(directory, faults) {
  const control = join(directory, 'faults');
  writeFileSync(control, `io_setup ${constants.errno.EPERM}\n`);
  return ['-E', `LD_PRELOAD=${faults}`, '-E', `TIDEMARK_FAULTS=${control}`];
}

/**
 * One session in `directory`/journal with `injection`, what strace puts behind `-e inject=`.
 * @param {string} directory
 * @param {{ session: number, injection?: string, rounds?: number, ending?: string, mode?: Mode, faults?: string }} how
 * @returns what the writer said, how it ended, and the calls
 */
export async function tracedSession(directory, how) {
  const { session, injection, rounds, ending, mode = 'buffered', faults } = how;
  const journal = join(directory, 'journal');
  const said = join(directory, 'said');
  const log = join(directory, `strace-${session}`);
  mkdirSync(directory, { recursive: true });
  // Opened here: an open of the writer's own would be hit as well.
  const descriptor = openSync(said, 'a');
  const options = { directIO: mode !== 'buffered' };
  const input = { directory: journal, said: 3, session, rounds, ending, options };
  const begun = mode === 'begun';
  // strace 6.1 forgets injected signals when it traces by seccomp-bpf, which is otherwise quicker.
  const fast = injection?.includes('signal=') ? [] : ['--seccomp-bpf'];
  const shown = mode === 'buffered' ? SHOWN_BYTES : SHOWN_DIRECT_BYTES;
  const args = [
    ...['-f', '-qq', ...fast, '-y', '-xx', '-s', `${shown}`, '-o', log],
    ...['-e', `trace=${begun ? tracedBegun : traced}`, '-e', 'signal=none'],
    ...(injection === undefined ? [] : ['-e', `inject=${injection}`]),
    ...(begun ? [] : pathsOf(directory, journal, said).flatMap((path) => ['-P', path])),
    ...(mode === 'direct' ? refuseToBegin(directory, faults) : []),
    ...[process.execPath, writer, JSON.stringify(input)],
  ];
  const ended = await run('strace', args, descriptor).finally(() => closeSync(descriptor));
  return {
    ...ended,
    lines: linesOf(readFileSync(said, 'utf8')),
    calls: callsOf(readFileSync(log, 'utf8')).filter((call) => isOf(directory, call)),
  };
}

const isOf = (directory, { name, path }) => name.startsWith('io_') || path.startsWith(directory);

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
 * { thread, name, text, result, error, injected, path, through, direct, asked, from, to }.
 * `from` and `to` are the numbers of the lines in which it began and ended: a call that has ended before
 * another began has its `to` below the other's `from`. A call that the end of its process cut has none.
 *
 * An io_submit that was taken is a write that ends with the io_getevents that returns its event, and has
 * the result which that says; `asked` is the length of the write.
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
  endBegunWrites(calls);
  markWrites(calls);
  return calls;
}

const firstArgument = ({ text }) => text.slice(0, text.indexOf(','));
const nameOfError = (errno) =>
  Object.entries(constants.errno).find(([, number]) => number === errno)?.[0];

/** A context of the kernel has one write at a time. */
function endBegunWrites(calls) {
  const underWay = new Map();
  for (const call of calls) {
    const context = firstArgument(call);
    if (call.name === 'io_submit') {
      call.asked = Number(/aio_nbytes=(\d+)/.exec(call.text)?.[1]);
      call.taken = call.result === 1;
      if (!call.taken) continue;
      Object.assign(call, { to: undefined, result: Number.NaN });
      underWay.set(context, call);
    } else if (call.name === 'io_getevents' && underWay.has(context)) {
      if (endOf(call, underWay.get(context))) underWay.delete(context);
    }
  }
}

/** Whether the write has ended: with its event, or with an error that leaves nothing to wait for. */
function endOf({ text, result, error, injected, to }, write) {
  const failed = result < 0 && error !== 'EINTR';
  if (result !== 1 && !failed) return false;
  const event = failed ? -constants.errno.EIO : Number(/ res=(-?\d+)/.exec(text)?.[1]);
  const ended = event < 0 ? { result: -1, error: nameOfError(-event) } : { result: event };
  Object.assign(write, { to, injected: write.injected || injected, ...ended });
  return true;
}

/** `through`: a write by a descriptor of O_DSYNC, durable when it ends; `direct`: of O_DIRECT. */
function markWrites(calls) {
  const flags = new Map();
  for (const call of calls) {
    if (call.name === 'openat' && call.result >= 0) {
      flags.set(call.result, call.text);
    } else if (call.name === 'pwritev' || call.taken) {
      const opened = flags.get(Number(/(?:^|aio_fildes=)(\d+)</.exec(call.text)?.[1])) ?? '';
      call.through = opened.includes('O_DSYNC');
      call.direct = opened.includes('O_DIRECT');
    }
  }
}

const bytesOf = (hex) => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** The file of a call: by descriptor, else the first path in its arguments. */
function pathOf({ text }) {
  const byDescriptor = /(?:^|aio_fildes=)\d+<([^>]*)>/.exec(text);
  const found = byDescriptor ?? /"((?:\\x[0-9a-f]{2})+)"/.exec(text);
  if (found === null) return '';
  return found[1].includes('\\x') ? bytesOf(found[1]).toString() : found[1];
}

/** The second path of a rename, the data of a write: what stands between quotation marks. */
export const textsOf = ({ text }) =>
  [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => bytesOf(hex));
