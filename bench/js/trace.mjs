// Counts in the output of `strace -f` what makes data durable: fsync, fdatasync, sync_file_range,
// msync(MS_SYNC), and writes that are durable by themselves, because the file was opened with O_DSYNC
// or O_SYNC or the call says RWF_DSYNC or RWF_SYNC; also when io_submit begins them. Only calls between the two marks of child.mjs count.

const OPENING = ['open', 'openat', 'creat'];
const WRITING = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'];
const BEGINNING = 'io_submit';
const SYNCING = ['fsync', 'fdatasync', 'sync_file_range', 'msync'];

export const traced = [
  ...OPENING,
  ...WRITING,
  BEGINNING,
  ...SYNCING,
  'close',
  'dup',
  'dup2',
  'dup3',
];

const COMPLETE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/;
const UNFINISHED = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/;

/** The calls in the order in which they ended, each as [name, arguments, result]. */
function* endedCalls(text) {
  const unfinished = new Map(); // of a thread, the arguments so far
  for (const line of text.split('\n')) {
    const begun = UNFINISHED.exec(line);
    if (begun) {
      unfinished.set(begun[1], begun[3]);
      continue;
    }
    const resumed = RESUMED.exec(line);
    if (resumed) {
      const [, thread, name, rest, result] = resumed;
      yield [name, `${unfinished.get(thread) ?? ''}${rest}`, Number(result)];
      unfinished.delete(thread);
      continue;
    }
    const complete = COMPLETE.exec(line);
    if (complete) yield [complete[2], complete[3], Number(complete[4])];
  }
}

/** Of those that a call of io_submit begins: how many of the first `taken` are durable by themselves. */
const begunDurably = (args, taken, durable) =>
  [...args.matchAll(/\baio_lio_opcode=(\w+), aio_fildes=(\d+)/g)]
    .slice(0, taken)
    .filter(([, opcode, fd]) => /^IOCB_CMD_PWRITEV?$/.test(opcode) && durable.has(Number(fd)))
    .length;

const isDurable = (flags) => /\bO_D?SYNC\b/.test(flags);

export function countSyncs(text) {
  const counts = { fsync: 0, fdatasync: 0, sync_file_range: 0, msync: 0, durableWrites: 0 };
  const durable = new Set(); // descriptors of files whose writes are durable by themselves
  let counting = false;
  for (const [name, args, result] of endedCalls(text)) {
    const mark = /"[^"]*tidemark-bench-(begin|end)"/.exec(args);
    if (mark) {
      counting = mark[1] === 'begin';
    } else if (OPENING.includes(name) && result >= 0) {
      if (isDurable(args)) durable.add(result);
      else durable.delete(result);
    } else if (name.startsWith('dup') && result >= 0) {
      if (durable.has(Number.parseInt(args, 10))) durable.add(result);
      else durable.delete(result);
    } else if (name === 'close') {
      durable.delete(Number.parseInt(args, 10));
    } else if (!counting || result < 0) {
      // Not part of the appends, or nothing happened.
    } else if (name === 'msync') {
      if (/\bMS_SYNC\b/.test(args)) counts.msync += 1;
    } else if (SYNCING.includes(name)) {
      counts[name] += 1;
    } else if (name === BEGINNING) {
      counts.durableWrites += begunDurably(args, result, durable);
    } else if (WRITING.includes(name)) {
      const itself = /\bRWF_D?SYNC\b/.test(args);
      if (itself || durable.has(Number.parseInt(args, 10))) counts.durableWrites += 1;
    }
  }
  return counts;
}
