// tidemark/testing: the simulated disk as users have it.
import { describe, expect, it } from 'vitest';
import { DirectoryLock, Journal, salvage, verify, writeFileAtomic } from '../../lib/index';
import { SimulatedDisk } from '../../lib/testing/index';
import { rejection } from '../support/journals';

const directory = '/orders';

async function readAll(journal: Journal<number>): Promise<number[]> {
  const values: number[] = [];
  for await (const { value } of journal.read()) values.push(value);
  return values;
}

describe('run', () => {
  it('puts journals on the simulated disk, and nothing on the real one', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<number>(directory);
      await journal.append(1);
      await journal.close();
      expect(await verify(directory)).toMatchObject({ ok: true, records: 1 });
    });
    expect(await disk.fs.readdir('/')).toEqual(['orders']);
    expect(await rejection(verify(directory))).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
  });

  it('keeps what runs at the same time apart', async () => {
    const disks = [1, 2, 3].map((seed) => new SimulatedDisk({ seed }));
    const found = await Promise.all(
      disks.map((disk, index) =>
        disk.run(async () => {
          const journal = await Journal.open<number>(directory);
          await journal.append(index);
          await new Promise(setImmediate);
          await journal.append(index);
          const values = await readAll(journal);
          await journal.close();
          return values;
        }),
      ),
    );
    expect(found).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('has the small tools, salvage and read-only opens on it, too', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<number>(directory);
      await journal.appendBatch([1, 2, 3]);
      const reader = await Journal.open<number>(directory, { readOnly: true });
      await journal.close();
      expect(await readAll(reader)).toEqual([1, 2, 3]);
      await reader.close();
      await salvage(directory, '/copy');
      await writeFileAtomic('/orders/note', 'x');
      const lock = await DirectoryLock.acquire(directory);
      await lock.release();
    });
    expect(await disk.fs.readdir('/')).toEqual(['copy', 'orders']);
    expect(await disk.fs.readdir(directory)).toContain('note');
  });
});

describe('cut', () => {
  it.each(['none', 'all', 'random'] as const)(
    'keeps what was acknowledged, whatever becomes of the rest (%s)',
    async (keep) => {
      const disk = new SimulatedDisk({ seed: 3 });
      await disk.run(async () => {
        const journal = await Journal.open<number>(directory, { idleMarkMs: 60_000 });
        await journal.append(1);
        await journal.append(2, { durability: 'os' });
      });
      disk.cut({ keep });
      await disk.run(async () => {
        const journal = await Journal.open<number>(directory);
        const values = await readAll(journal);
        expect(values[0]).toBe(1);
        if (keep === 'none') expect(values).toEqual([1]);
        if (keep === 'all') expect(values).toEqual([1, 2]);
        await journal.close();
      });
    },
  );

  it('ends what was open: its appends reject, and it lets the directory go', async () => {
    const disk = new SimulatedDisk();
    const journal = await disk.run(() => Journal.open<number>(directory));
    disk.cut();
    expect(await rejection(journal.append(1))).toMatchObject({
      code: expect.stringMatching(/^ERR_TIDEMARK_(IO|POISONED)$/),
    });
    expect(await rejection(journal.close())).toMatchObject({ outcome: expect.any(String) });
  });

  it('loses acknowledged records where the sync lies: a loss would be seen', async () => {
    const disk = new SimulatedDisk({ lyingSync: true });
    await disk.run(async () => {
      const journal = await Journal.open<number>(directory);
      await journal.append(1);
    });
    disk.cut({ keep: 'none' });
    expect(await disk.fs.readdir('/')).toEqual([]);
  });
});

describe('fail', () => {
  it('makes the n-th call of a kind fail', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<number>(directory, { directIO: false });
      disk.fail('sync', 1, 'EIO');
      expect(await rejection(journal.append(1))).toMatchObject({
        code: 'ERR_TIDEMARK_POISONED',
        outcome: 'unknown',
      });
      await rejection(journal.close());
    });
    expect(disk.calls().some(({ kind }) => kind === 'sync')).toBe(true);
  });

  it('refuses kinds and codes that it does not know', () => {
    const disk = new SimulatedDisk();
    expect(() => disk.fail('sink' as 'sync', 1, 'EIO')).toThrow(RangeError);
    expect(() => disk.fail('sync', 1, 'ENOSUCH')).toThrow(RangeError);
    expect(() => disk.fail('sync', 0, 'EIO')).toThrow(RangeError);
    expect(() => new SimulatedDisk({ sead: 1 } as object)).toThrow(/"seed"/);
    expect(() => disk.cut({ keep: 'some' as 'all' })).toThrow(TypeError);
  });
});

describe('fs', () => {
  it('reads what was written, at offsets and to the end', async () => {
    const { fs } = new SimulatedDisk();
    const file = await fs.open('/file', 'wx');
    await fs.write(file, 'hello');
    await fs.write(file, ' world');
    await fs.write(file, 'H', 0);
    expect(String(await fs.read(file))).toBe('Hello world');
    expect(String(await fs.read(file, 6, 3))).toBe('wor');
    expect((await fs.read(file, 100)).length).toBe(0);
    await fs.truncate(file, 5);
    await fs.close(file);
    const again = await fs.open('/file');
    expect(String(await fs.read(again))).toBe('Hello');
    expect(await rejection(fs.read(file))).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
    expect(await rejection(fs.open('/file', 'wx'))).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
    expect(await rejection(fs.open('/file', 'rw'))).toBeInstanceOf(TypeError);
  });
});

describe('explore', () => {
  it('finds the rename without a sync, and nothing where everything is synced', async () => {
    const save = async (disk: SimulatedDisk, text: string, careful: boolean) => {
      const file = await disk.fs.open('/settings.new', 'w');
      await disk.fs.write(file, text);
      if (careful) await disk.fs.sync(file);
      await disk.fs.close(file);
      await disk.fs.rename('/settings.new', '/settings');
      if (careful) await disk.fs.sync('/');
    };
    const explored = async (careful: boolean) => {
      const disk = new SimulatedDisk();
      return disk.explore(
        async (acknowledge) => {
          await save(disk, 'one', careful);
          acknowledge('one');
        },
        async (found, { acknowledged }) => {
          if (acknowledged.length === 0) return;
          const text = String(await found.fs.read(await found.fs.open('/settings')));
          expect(text).toBe('one');
        },
        { states: 100 },
      );
    };
    const naive = await explored(false);
    expect(naive.violations.length).toBeGreaterThan(0);
    expect(naive.violations[0]).toMatchObject({
      acknowledged: ['one'],
      moment: expect.any(Number),
    });
    const careful = await explored(true);
    expect(careful.violations).toEqual([]);
    expect(careful.states).toBeGreaterThan(5);
  });

  it.each([
    { directIO: false, states: 150 },
    // Less is pending where each commit is durable by its own write.
    { directIO: true, states: 40 },
  ])(
    'finds nothing in a journal: what was acknowledged is on every disk ($directIO)',
    async ({ directIO, states }) => {
      const disk = new SimulatedDisk({ seed: 11 });
      const report = await disk.explore(
        async (acknowledge) => {
          const journal = await Journal.open<number>(directory, { directIO });
          for (let n = 1; n <= 4; n += 1) acknowledge(await journal.append(n));
          await journal.appendBatch([5, 6, 7]);
          acknowledge(7);
          await journal.truncateBefore(3);
          await journal.close();
        },
        async (_found, { acknowledged }) => {
          const journal = await Journal.open<number>(directory);
          const values = await readAll(journal);
          const { firstSeq, lastSeq } = journal;
          await journal.close();
          expect(lastSeq).toBeGreaterThanOrEqual((acknowledged.at(-1) as number | undefined) ?? 0);
          expect(values).toEqual(values.map((_, index) => firstSeq + index));
          expect(values.length).toBe(lastSeq - firstSeq + 1);
        },
        { states },
      );
      expect(report.violations).toEqual([]);
      expect(report.states).toBe(states);
    },
    120_000,
  );

  it('tells a judge that throws from one that is wrong to be there', async () => {
    const disk = new SimulatedDisk();
    expect(
      await rejection(
        disk.explore(
          async () => {},
          () => {},
          { states: 0 },
        ),
      ),
    ).toBeInstanceOf(RangeError);
    expect(
      await rejection(
        disk.explore(
          async () => {
            throw new Error('the body');
          },
          () => {},
          { states: 1 },
        ),
      ),
    ).toMatchObject({ message: 'the body' });
  });
});
