// Judges what strace saw of a session: the order of durability that the promises rest on, held by the
// shipped binary call by call. Reads frames by docs/format.md.
import { basename } from 'node:path';
import { textsOf } from './strace.mjs';

const SYNC_WORD = 0x9d4d4454;
const FIXED_HEADER_BYTES = 36;
const COMMIT = 1;
const FRAME_ALIGNMENT = 8;
const BLOCK_BYTES = 4096;
const segment = /^segment-([0-9a-f]{16})\.tide$/;

const isWrite = ({ name }) => name === 'pwritev' || name === 'io_submit';

/**
 * The records of a call that writes a commit frame: { from, to }, else undefined. A direct write holds
 * the frames of its first block that are there already, and behind them its own: the last one.
 */
export function commitOf(call) {
  const data = isWrite(call) ? textsOf(call)[0] : undefined;
  if (data === undefined) return undefined;
  let last;
  const begins = Math.min(data.length - FIXED_HEADER_BYTES, BLOCK_BYTES - 1);
  for (let at = 0; at <= begins; at += FRAME_ALIGNMENT) {
    if (data.readUInt32LE(at) === SYNC_WORD) last = at;
  }
  if (last === undefined || data[last + 8] !== COMMIT) return undefined;
  const from = Number(data.readBigUInt64LE(last + 20));
  return { from, to: from + data.readUInt32LE(last + 16) - 1 };
}

const hasHeader = (call) => textsOf(call)[0]?.subarray(0, 8).toString() === 'TIDEMARK';
/** A write that was begun has ended when its event was returned, and wrote all or it counts as nothing. */
export const succeeded = (call) =>
  call.to !== undefined &&
  call.result >= 0 &&
  (call.name !== 'io_submit' || call.result === call.asked);
const isSync = (call) => call.name === 'fdatasync';

/** The id of the segment that a call is about, under its own name or the temporary one; else 0. */
function segmentId({ path }) {
  const match = segment.exec(basename(path).replace(/\.tmp$/, ''));
  return match === null ? 0 : Number.parseInt(match[1], 16);
}

const isNamedSegment = ({ path }) => segment.test(basename(path));

/** What is wrong with the order of the calls of one session; empty when all is well. */
export function judgeOrder(calls) {
  return [
    ...acknowledgements(calls),
    ...nothingAfterFailedSync(calls),
    ...rotations(calls),
    ...removals(calls),
  ];
}

/**
 * A durable acknowledgement comes behind a successful sync that began behind the write, or behind a
 * write that is durable itself and has nothing in front of it that waits for a sync.
 */
function acknowledgements(calls) {
  const problems = [];
  const frames = [];
  const weak = new Set();
  for (const call of calls) {
    const records = commitOf(call);
    if (records !== undefined && succeeded(call)) frames.push({ ...records, call });
    if (call.name !== 'write') continue;
    const text = textsOf(call)[0]?.toString() ?? '';
    // Lines longer than strace shows are no acknowledgements.
    if (!text.endsWith('\n')) continue;
    const said = JSON.parse(text);
    if (said.say === 'submit' && said.weak) weak.add(said.ids[0]);
    if (said.say !== 'acknowledged' || weak.has(said.ids[0])) continue;
    const last = said.firstSeq + said.ids.length - 1;
    const frame = frames.findLast(({ from, to }) => from <= said.firstSeq && last <= to);
    const syncedBetween = (write, end) =>
      calls.some(
        (one) =>
          isSync(one) &&
          succeeded(one) &&
          segmentId(one) === segmentId(write) &&
          one.from > write.to &&
          one.to < end,
      );
    const durableItself = (write) =>
      write.through === true &&
      write.to < call.from &&
      frames.every(
        ({ call: earlier }) =>
          earlier.from >= write.from ||
          earlier.through === true ||
          segmentId(earlier) !== segmentId(write) ||
          syncedBetween(earlier, write.from),
      );
    const synced =
      frame !== undefined && (durableItself(frame.call) || syncedBetween(frame.call, call.from));
    if (!synced) problems.push(`seq ${said.firstSeq} was acknowledged in front of its sync`);
  }
  return problems;
}

/**
 * A failed sync of a segment is not tried again, and nothing is written behind it. A write that the
 * system refused to begin is none.
 */
function nothingAfterFailedSync(calls) {
  const failed = calls.find(
    (call) =>
      isNamedSegment(call) &&
      call.to !== undefined &&
      call.result < 0 &&
      (isSync(call) || (call.through === true && call.error === 'EIO')),
  );
  if (failed === undefined) return [];
  return calls
    .filter((call) => isNamedSegment(call) && (isSync(call) || isWrite(call)))
    .filter((call) => call.from > failed.to)
    .map((call) => `${call.name} on ${basename(call.path)} after a failed sync`);
}

/** The header of a successor is durable, then the seal in front of it, then comes its first frame. */
function rotations(calls) {
  const problems = [];
  const begun = new Set();
  for (const call of calls) {
    const id = segmentId(call);
    if (commitOf(call) === undefined || !succeeded(call) || begun.has(id)) continue;
    begun.add(id);
    const header = calls.findLast(
      (one) =>
        one.name === 'pwritev' && segmentId(one) === id && hasHeader(one) && one.to < call.from,
    );
    // The session found the segment: its header was durable before.
    if (header === undefined) continue;
    const syncs = calls.filter((one) => isSync(one) && succeeded(one) && one.to < call.from);
    const own = syncs.find((one) => segmentId(one) === id && one.from > header.to);
    const seal = syncs.find((one) => own !== undefined && isSealSync(one, id) && one.from > own.to);
    if (own === undefined) problems.push(`segment ${id} has a frame in front of its header's sync`);
    else if (id > 1 && seal === undefined) {
      problems.push(`segment ${id} has a frame in front of the seal of the one before it`);
    }
  }
  return problems;
}

const isSealSync = (call, successor) => segmentId(call) !== 0 && segmentId(call) < successor;

/** A segment with records is removed only behind a durable head mark. */
function removals(calls) {
  const problems = [];
  const withRecords = new Set();
  for (const call of calls) {
    if (commitOf(call) !== undefined) withRecords.add(segmentId(call));
    if (call.name !== 'unlink' || !withRecords.has(segmentId(call)) || !isNamedSegment(call))
      continue;
    const mark = calls.findLast(
      (one) => one.name === 'rename' && isHead(one) && succeeded(one) && one.to < call.from,
    );
    const durable = calls.some(
      (one) =>
        one.name === 'fsync' &&
        succeeded(one) &&
        mark !== undefined &&
        one.from > mark.to &&
        one.to < call.from,
    );
    if (!durable) problems.push(`${basename(call.path)} was removed in front of the head mark`);
  }
  return problems;
}

const isHead = (call) => basename(textsOf(call)[1]?.toString() ?? '') === 'head';
