// Other processes: the lock that names its holder, followers, and every way to end.
import { Journal } from 'tidemark';
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  range,
  rejection,
  runChild,
  talkingChild,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

describe('a second process', () => {
  it('gets LOCKED that names the holder', async () => {
    const directory = temporaryDirectory();
    const holder = talkingChild('append-worker.mjs', directory);
    expect(await holder.next()).toMatchObject({ open: true });
    const error = await rejection(Journal.open(directory));
    expect(error).toMatchObject({
      code: 'ERR_TIDEMARK_LOCKED',
      holder: { pid: holder.process.pid },
      path: expect.any(String),
    });
    expect(error.message).toContain(String(holder.process.pid));
  });

  it('opens when the holder is killed, and recovers what was acknowledged', async () => {
    const directory = temporaryDirectory();
    const holder = talkingChild('append-worker.mjs', directory);
    await holder.next();
    holder.send({ append: 50 });
    await holder.next();
    holder.send({ append: 5000 });
    holder.process.kill('SIGKILL');
    await holder.ended();
    const journal = await openJournal<{ n: number }>(directory);
    expect(journal.recovery.path).toBe('recovered');
    expect((await valuesOf(journal.read({ to: 50 }))).map(({ n }) => n)).toEqual(range(0, 49));
  });

  it('follows read-only what this one writes', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory, { segmentBytes: 65_536 });
    await journal.appendBatch(range(1, 1000));
    const follower = talkingChild('append-worker.mjs', directory, 'readOnly');
    expect(await follower.next()).toMatchObject({ open: true });
    follower.send({ follow: 4000 });
    await follower.next();
    for (const n of range(1, 300)) await journal.appendBatch(range(n * 10, n * 10 + 9));
    expect(await follower.next()).toEqual({ seqs: range(1, 4000) });
  });

  it('follows across the death of a writer and the birth of another', async () => {
    const directory = temporaryDirectory();
    const first = talkingChild('append-worker.mjs', directory);
    await first.next();
    first.send({ append: 100 });
    await first.next();
    const reader = await openJournal<object>(directory, { readOnly: true });
    const follower = reader.follow();
    const seqs: number[] = [];
    const follow = async (count: number) => {
      while (seqs.length < count) {
        const { value } = await follower.next();
        seqs.push(value.seq);
      }
    };
    await follow(100);
    first.process.kill('SIGKILL');
    await first.ended();
    const second = await openJournal<object>(directory);
    const next = second.lastSeq + 1;
    await second.appendBatch([{ a: 1 }, { a: 2 }]);
    await follow(next + 1);
    expect(seqs).toEqual(range(1, next + 1));
  });
});

describe('a process that ends with commits in flight', () => {
  const ends = ['exit', 'throw', 'reject', 'return', 'abort-event-loop'] as const;

  it.each(ends)('by %s loses nothing that was acknowledged', async (how) => {
    const directory = temporaryDirectory();
    const { code, signal, stdout, stderr } = await runChild('ending.mjs', [directory, how]);
    expect(signal).toBeNull();
    const expected = { exit: 7, throw: 1, reject: 1, return: 0, 'abort-event-loop': 0 }[how];
    expect({ code, stderr: code === expected ? '' : stderr }).toEqual({
      code: expected,
      stderr: '',
    });
    const acknowledged = Number(stdout.trim().split('\n').at(-1));
    expect(acknowledged).toBeGreaterThanOrEqual(100);
    const journal = await openJournal<number>(directory);
    expect(journal.lastSeq).toBeGreaterThanOrEqual(acknowledged);
    const read = await collect(journal.read());
    expect(read).toEqual(range(1, journal.lastSeq).map((seq) => ({ seq, value: seq })));
    // What was handed over is committed on the way out, and the end is marked as clean.
    if (how !== 'throw' && how !== 'reject') expect(journal.recovery.path).toBe('clean');
  });

  it('lets exit handlers append, whenever they were set', async () => {
    const directory = temporaryDirectory();
    const { code, stdout, stderr } = await runChild('ending.mjs', [directory, 'exitHandler']);
    expect({ code, stderr, stdout: stdout.trim() }).toEqual({ code: 3, stderr: '', stdout: '2' });
    const journal = await openJournal<string>(directory);
    expect(journal.recovery.path).toBe('clean');
    expect(await valuesOf(journal.read())).toEqual(['early', 'last words']);
  });

  it('with an idle open journal ends by itself', async () => {
    const { code, signal } = await runChild('ending.mjs', [temporaryDirectory(), 'idle']);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });

  it('while a promise is pending does not end', async () => {
    const { code, stdout } = await runChild('ending.mjs', [temporaryDirectory(), 'pending']);
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: 'resolved 1' });
  });

  it('from a worker that calls process.exit is in order', async () => {
    const { code, signal, stderr } = await runChild('ending.mjs', [
      temporaryDirectory(),
      'workers',
    ]);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });
});
