// The judges of these tests: each must see what it is there to see.
import { describe, expect, it } from 'vitest';
import { judgeRecords } from './judge.mjs';
import { judgeOrder } from './order.mjs';
import { callsOf } from './strace.mjs';
import { toldBy } from './told.mjs';

const submit = (...ids: number[]) => ({ say: 'submit', ids, weak: false });
const acknowledged = (firstSeq: number, ...ids: number[]) => ({
  say: 'acknowledged',
  ids,
  firstSeq,
});
const rejected = (outcome: string, ...ids: number[]) => ({
  say: 'rejected',
  ids,
  outcome,
  code: 'ERR_TIDEMARK_IO',
});
const session = (id: number) => ({ say: 'session', session: id });

function problemsOf(lines: object[], records: [number, number][], rules?: { power: boolean }) {
  const told = toldBy([session(1), ...lines]);
  const firstSeq = records[0]?.[0] ?? 1;
  const found = { firstSeq, lastSeq: records.at(-1)?.[0] ?? 0, records };
  return [...told.problems, ...judgeRecords(told, found, rules)];
}

describe('the judge of what was told', () => {
  const three = [submit(1), submit(2), submit(3), acknowledged(1, 1), acknowledged(2, 2)];

  it('accepts what was acknowledged, with or without what was not', () => {
    expect(
      problemsOf(three, [
        [1, 1],
        [2, 2],
      ]),
    ).toEqual([]);
    expect(
      problemsOf(three, [
        [1, 1],
        [2, 2],
        [3, 3],
      ]),
    ).toEqual([]);
  });
  it('sees an acknowledged record that is missing', () => {
    expect(problemsOf(three, [[1, 1]])).toHaveLength(1);
  });
  it('sees a record that nobody submitted', () => {
    expect(
      problemsOf(three, [
        [1, 1],
        [2, 2],
        [3, 4],
      ]),
    ).toHaveLength(1);
  });
  it('sees a record at another seq than it was acknowledged as', () => {
    expect(
      problemsOf(three, [
        [1, 2],
        [2, 1],
      ]).length,
    ).toBeGreaterThan(0);
  });
  it('sees a record that was rejected as not written', () => {
    const lines = [submit(1), rejected('not-written', 1)];
    expect(problemsOf(lines, [[1, 1]])).toHaveLength(1);
    expect(problemsOf([submit(1), rejected('unknown', 1)], [[1, 1]])).toEqual([]);
  });
  it('sees a rejection without an outcome', () => {
    expect(problemsOf([submit(1), rejected('', 1)], [])).toHaveLength(1);
  });
  it('sees a record behind one that is missing, unless that one was refused before', () => {
    const pending = [submit(1), submit(2)];
    expect(problemsOf(pending, [[1, 2]])).toEqual([]); // 1 may have been released
    expect(
      problemsOf(
        [submit(1), submit(2), submit(3)],
        [
          [1, 1],
          [2, 3],
        ],
      ),
    ).toHaveLength(1);
    const refused = [submit(1), submit(2), rejected('unknown', 2), submit(3)];
    expect(
      problemsOf(refused, [
        [1, 1],
        [2, 3],
      ]),
    ).toEqual([]);
    const late = [submit(1), submit(2), submit(3), rejected('unknown', 2)];
    expect(
      problemsOf(late, [
        [1, 1],
        [2, 3],
      ]),
    ).toHaveLength(1);
  });
  it('sees a part of a batch', () => {
    expect(problemsOf([submit(1, 2)], [[1, 1]])).toHaveLength(1);
    expect(
      problemsOf(
        [submit(1, 2)],
        [
          [1, 1],
          [2, 2],
        ],
      ),
    ).toEqual([]);
  });
  it('sees an acknowledgement after the writer was poisoned', () => {
    const poisoned = { say: 'failed', what: 'sync', code: 'ERR_TIDEMARK_POISONED' };
    expect(problemsOf([submit(1), poisoned, acknowledged(1, 1)], [[1, 1]])).toHaveLength(1);
  });
  it('sees what one open showed and the next does not', () => {
    const open = { say: 'open', records: [[1, 1]] };
    expect(problemsOf([submit(1), session(2), open], [])).toHaveLength(1);
  });
  it('does not take a sync behind a loss of power for one of what was lost', () => {
    const weak = [{ ...submit(1), weak: true }, acknowledged(1, 1), session(2)];
    const shown = { say: 'open', records: [[1, 1]] };
    const behind = [submit(2), acknowledged(1, 2)];
    expect(problemsOf([...weak, ...behind], [[1, 2]], { power: true })).toEqual([]);
    const kept = [submit(2), acknowledged(2, 2)];
    const lost = problemsOf([...weak, shown, ...kept], [[2, 2]], { power: true });
    expect(lost.length).toBeGreaterThan(0);
  });
  it('lets go what no sync covered only where power was lost', () => {
    const weak = [{ say: 'submit', ids: [1], weak: true }, acknowledged(1, 1)];
    expect(problemsOf(weak, [])).toHaveLength(1);
    expect(problemsOf(weak, [], { power: true })).toEqual([]);
    const covered = [...weak, submit(2), acknowledged(2, 2)];
    expect(problemsOf(covered, [[2, 2]], { power: true }).length).toBeGreaterThan(0);
  });
});

/** Lines as strace writes them. */
class Log {
  #lines: string[] = [];
  #add(thread: number, text: string) {
    this.#lines.push(`${thread} ${text}`);
    return this;
  }
  #file = (path: string) => `20<${path}>`;
  #hex = (bytes: Buffer) =>
    `"${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
  write(path: string, bytes: Buffer) {
    const parts = `[{iov_base=${this.#hex(bytes)}, iov_len=${bytes.length}}]`;
    return this.#add(2, `pwritev(${this.#file(path)}, ${parts}, 1, 8192) = ${bytes.length}`);
  }
  /** Opens a file the way that makes its writes durable themselves. */
  opens(path: string, flags = 'O_RDWR|O_DSYNC|O_DIRECT') {
    const name = this.#hex(Buffer.from(path));
    return this.#add(2, `openat(AT_FDCWD</>, ${name}, ${flags}) = ${this.#file(path)}`);
  }
  /** Of strace 6.1; `context` has one write at a time. */
  submits(path: string, bytes: Buffer, result = '1', context = '0x7f01') {
    const kind = 'aio_rw_flags=RWF_NOWAIT, aio_lio_opcode=IOCB_CMD_PWRITE';
    const place = `aio_nbytes=${bytes.length}, aio_offset=8192`;
    const data = `aio_buf=${this.#hex(bytes)}`;
    const what = `{aio_data=0, ${kind}, aio_fildes=${this.#file(path)}, ${data}, ${place}}`;
    return this.#add(1, `io_submit(${context}, 1, [${what}]) = ${result}`);
  }
  #gets(context: string, events: string, result: string) {
    return this.#add(1, `io_getevents(${context}, 0, 1, ${events}, {tv_sec=0}) = ${result}`);
  }
  ends(result: number, context = '0x7f01') {
    return this.#gets(context, `[{data=0, obj=0x1, res=${result}, res2=0}]`, '1');
  }
  endsNothing(result = '0') {
    return this.#gets('0x7f01', '[]', result);
  }
  sync(path: string, result = '0') {
    return this.#add(2, `fdatasync(${this.#file(path)}) = ${result}`);
  }
  syncDirectory() {
    return this.#add(3, `fsync(${this.#file('/j')}) = 0`);
  }
  rename(from: string, to: string) {
    return this.#add(
      3,
      `rename(${this.#hex(Buffer.from(from))}, ${this.#hex(Buffer.from(to))}) = 0`,
    );
  }
  unlink(path: string) {
    return this.#add(3, `unlink(${this.#hex(Buffer.from(path))}) = 0`);
  }
  says(line: object) {
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    return this.#add(1, `write(3</said>, ${this.#hex(text)}, ${text.length}) = ${text.length}`);
  }
  problems() {
    return judgeOrder(callsOf(this.#lines.join('\n')));
  }
}

function frame(firstSeq: number, count = 1) {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32LE(0x9d4d4454, 0);
  bytes[8] = 1;
  bytes.writeUInt32LE(count, 16);
  bytes.writeBigUInt64LE(BigInt(firstSeq), 20);
  return bytes;
}

describe('the judge of the order of calls', () => {
  const one = '/j/segment-0000000000000001.tide';
  const two = '/j/segment-0000000000000002.tide';
  const header = Buffer.from('TIDEMARK header');

  it('accepts an acknowledgement behind the sync of its frame', () => {
    const log = new Log().says(submit(7)).write(one, frame(1)).sync(one);
    expect(log.says(acknowledged(1, 7)).problems()).toEqual([]);
  });
  it('sees an acknowledgement in front of the sync, or behind one that failed', () => {
    const early = new Log().says(submit(7)).write(one, frame(1));
    expect(early.says(acknowledged(1, 7)).sync(one).problems()).toHaveLength(1);
    const failed = new Log()
      .says(submit(7))
      .write(one, frame(1))
      .sync(one, '-1 EIO (x) (INJECTED)');
    expect(failed.says(acknowledged(1, 7)).problems()).toHaveLength(1);
    const before = new Log().says(submit(7)).sync(one).write(one, frame(1));
    expect(before.says(acknowledged(1, 7)).problems()).toHaveLength(1);
  });
  it('sees a failed sync that is tried again, and a write behind it', () => {
    const failed = () => new Log().write(one, frame(1)).sync(one, '-1 EIO (x) (INJECTED)');
    expect(failed().problems()).toEqual([]);
    expect(failed().sync(one).problems()).toHaveLength(1);
    expect(failed().write(one, frame(2)).problems()).toHaveLength(1);
  });
  it('accepts an acknowledgement behind the event of a begun write that is durable itself', () => {
    const log = new Log().opens(one).says(submit(7)).submits(one, frame(1)).endsNothing().ends(64);
    expect(log.says(acknowledged(1, 7)).problems()).toEqual([]);
  });
  it('sees an acknowledgement of a begun write that has no event, or not its own', () => {
    const begun = () => new Log().opens(one).says(submit(7)).submits(one, frame(1));
    expect(begun().says(acknowledged(1, 7)).ends(64).problems()).toHaveLength(1);
    expect(begun().endsNothing().says(acknowledged(1, 7)).problems()).toHaveLength(1);
    expect(begun().ends(64, '0x7f02').says(acknowledged(1, 7)).problems()).toHaveLength(1);
  });
  it('sees an acknowledgement of a begun write that failed, was short or was not taken', () => {
    const begun = (result = '1') =>
      new Log().opens(one).says(submit(7)).submits(one, frame(1), result);
    for (const result of [-28, -11, -5, 32, 0]) {
      expect(begun().ends(result).says(acknowledged(1, 7)).problems(), `${result}`).toHaveLength(1);
    }
    for (const result of ['-1 EAGAIN (x) (INJECTED)', '0 (INJECTED)']) {
      expect(begun(result).says(acknowledged(1, 7)).problems(), result).toHaveLength(1);
      const written = begun(result).write(one, frame(1)).says(acknowledged(1, 7));
      expect(written.problems(), result).toEqual([]);
    }
  });
  it('sees an acknowledgement of a begun write by a descriptor that is not of O_DSYNC', () => {
    const log = new Log().opens(one, 'O_RDWR|O_DIRECT').says(submit(7)).submits(one, frame(1));
    log.ends(64).says(acknowledged(1, 7));
    expect(log.problems()).toHaveLength(1);
  });
  it('sees a write behind a begun one that failed as a sync does, not behind one that was refused', () => {
    const begun = () => new Log().opens(one).submits(one, frame(1));
    for (const failed of [() => begun().ends(-5), () => begun().endsNothing('-1 EINVAL (x)')]) {
      expect(failed().problems()).toEqual([]);
      expect(failed().write(one, frame(1)).problems()).toHaveLength(1);
      expect(failed().submits(one, frame(1)).problems()).toHaveLength(1);
    }
    expect(begun().ends(-11).write(one, frame(1)).problems()).toEqual([]);
    const interrupted = begun().endsNothing('-1 EINTR (x)').ends(64).submits(one, frame(2));
    expect(interrupted.problems()).toEqual([]);
    const refused = new Log().opens(one).submits(one, frame(1), '-1 EIO (x) (INJECTED)');
    expect(refused.write(one, frame(1)).problems()).toEqual([]);
  });
  it('sees a first frame in front of the header, or of the seal', () => {
    const seal = Buffer.from('a seal');
    const begun = () => new Log().write(two, header);
    const sound = begun().sync(two).write(one, seal).sync(one).write(two, frame(5));
    expect(sound.problems()).toEqual([]);
    expect(begun().write(one, seal).sync(one).write(two, frame(5)).problems()).toHaveLength(1);
    expect(begun().sync(two).write(one, seal).write(two, frame(5)).problems()).toHaveLength(1);
  });
  it('sees a segment that is removed in front of the head mark, or of the sync of its name', () => {
    const mark = () => new Log().write(one, frame(1)).rename('/j/head.tmp-1', '/j/head');
    expect(mark().syncDirectory().unlink(one).problems()).toEqual([]);
    expect(mark().unlink(one).syncDirectory().problems()).toHaveLength(1);
    expect(new Log().write(one, frame(1)).unlink(one).problems()).toHaveLength(1);
  });
  it('reads calls that were interrupted by those of other threads', () => {
    const calls = callsOf(
      '1 fdatasync(3</a> <unfinished ...>\n2 fsync(4</b>) = 0\n1 <... fdatasync resumed>) = 0\n',
    );
    expect(calls.map(({ name, path, from, to }) => ({ name, path, from, to }))).toEqual([
      { name: 'fdatasync', path: '/a', from: 0, to: 2 },
      { name: 'fsync', path: '/b', from: 1, to: 1 },
    ]);
  });
});
