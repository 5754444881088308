// The n-th call of each kind fails: every outcome is a typed error, and what is loaded afterwards was
// saved as a whole.
import { Checkpoint, TidemarkError } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { diskCallKinds } from '../support/disk-calls';
import { range, rejection } from '../support/journals';
import { pieces } from './support';

const directory = '/state';
const codes = ['EIO', 'ENOSPC', 'EMFILE', 'EROFS'];
const allowed = new Set([
  'ERR_TIDEMARK_IO',
  'ERR_TIDEMARK_NO_SPACE',
  'ERR_TIDEMARK_POISONED',
  'ERR_TIDEMARK_CORRUPT',
]);

interface Account {
  /** Of saves that resolved. */
  acknowledged: number;
  /** Values that may be there although their save did not resolve. */
  possible: number[];
  failures: TidemarkError[];
}

async function attempt(account: Account, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(TidemarkError);
    expect(allowed).toContain((error as TidemarkError).code);
    account.failures.push(error as TidemarkError);
    return false;
  }
}

/** Opens, saves, loads and closes; goes on after every failure. */
async function run(account: Account): Promise<void> {
  let checkpoint: Checkpoint<number> | undefined;
  for (let tries = 0; checkpoint === undefined && tries < 3; tries++) {
    await attempt(account, async () => {
      checkpoint = await Checkpoint.open<number>(directory);
    });
  }
  for (const n of range(1, 4)) {
    const failed = account.failures.length;
    const saved = await attempt(account, async () => checkpoint?.save(n));
    if (saved) account.acknowledged = n;
    else if (account.failures[failed]?.outcome === 'unknown') account.possible.push(n);
    else expect(account.failures[failed]?.outcome).toBe('not-written');
    await attempt(account, async () => {
      const value = (await checkpoint?.load())?.value ?? 0;
      expect([account.acknowledged, ...account.possible]).toContain(value);
    });
  }
  await checkpoint?.close();
}

describe('the n-th call fails', () => {
  it.each(diskCallKinds)(
    'of the kind %s: typed errors, and nothing acknowledged is lost',
    async (kind) => {
      let hits = 0;
      for (const code of codes) {
        for (let nth = 1, more = true; more; nth++) {
          const disk = new SimulatedDisk({ seed: nth });
          await disk.run(async () => {
            disk.fail(kind, nth, code);
            const account: Account = { acknowledged: 0, possible: [], failures: [] };
            await run(account);
            const left = disk.calls().filter((call) => call.kind === kind).length;
            more = left >= nth;
            hits += account.failures.length;
            // Without the fault and without what was not durable: the newest that was acknowledged, or
            // one of which nobody knew.
            disk.cut({ keep: nth % 2 === 0 ? 'none' : 'random' });
            const after = await Checkpoint.open<number>(directory);
            const value = (await after.load())?.value ?? 0;
            expect([account.acknowledged, ...account.possible]).toContain(value);
            await after.close();
          });
        }
      }
      // A failed unlink is litter; the open of a directory that is there needs no mkdir, ...
      if (kind === 'write' || kind === 'sync' || kind === 'rename') expect(hits).toBeGreaterThan(3);
    },
  );

  it('of a stream: the file that was begun goes, the source is closed', async () => {
    for (const kind of ['open', 'write', 'sync', 'rename'] as const) {
      const disk = new SimulatedDisk();
      await disk.run(async () => {
        const checkpoint = await Checkpoint.open<Uint8Array>(directory, { codec: 'binary' });
        await checkpoint.save(Buffer.from('before'));
        disk.fail(kind, 1, 'ENOSPC');
        let closed = false;
        const source = (async function* () {
          try {
            yield* pieces(3_000_000, 50_000);
          } finally {
            closed = true;
          }
        })();
        expect(await rejection(checkpoint.save(source))).toMatchObject({
          code: 'ERR_TIDEMARK_NO_SPACE',
          outcome: kind === 'rename' ? 'unknown' : 'not-written',
        });
        expect(closed).toBe(true);
        expect((await disk.fs.readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual(
          [],
        );
        expect(String((await checkpoint.load())?.value)).toBe('before');
        await checkpoint.save(Buffer.from('after'));
        expect(String((await checkpoint.load())?.value)).toBe('after');
        await checkpoint.close();
      });
    }
  });
});

describe('a failed sync of the directory', () => {
  it('ends the saving of all handles until they are closed and opened again', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const first = await Checkpoint.open<string>(directory);
      const second = await Checkpoint.open<string>(directory);
      await first.save('a');
      disk.fail('syncDirectory', 1, 'EIO');
      expect(await rejection(first.save('b'))).toMatchObject({
        code: 'ERR_TIDEMARK_IO',
        outcome: 'unknown',
      });
      for (const error of await Promise.all([first.save('c'), second.save('d')].map(rejection))) {
        expect(error).toMatchObject({
          code: 'ERR_TIDEMARK_POISONED',
          outcome: 'not-written',
          cause: { code: 'EIO' },
        });
      }
      for (const error of await Promise.all(
        [first.load(), second.loadLenient(), second.loadStream()].map(rejection),
      )) {
        expect(error).toMatchObject({ code: 'ERR_TIDEMARK_POISONED' });
      }
      await first.close();
      await second.close();
      const again = await Checkpoint.open<string>(directory);
      expect(['a', 'b']).toContain((await again.load())?.value);
      await again.save('e');
      expect((await again.load())?.value).toBe('e');
      await again.close();
    });
  });
});

describe('a failed sync of the directory in a load', () => {
  it('ends the saving, too: the system tells of a failure only once', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const checkpoint = await Checkpoint.open<string>(directory);
      await checkpoint.save('a');
      disk.fail('syncDirectory', 1, 'EIO');
      expect(await rejection(checkpoint.load())).toMatchObject({
        code: 'ERR_TIDEMARK_IO',
        cause: { code: 'EIO' },
      });
      expect(await rejection(checkpoint.save('b'))).toMatchObject({
        code: 'ERR_TIDEMARK_POISONED',
      });
      await checkpoint.close();
      const again = await Checkpoint.open<string>(directory);
      expect((await again.load())?.value).toBe('a');
      await again.close();
    });
  });
});

describe('a generation that cannot be read', () => {
  it('is an error of a strict load, and a rejection of a lenient one where the medium is at fault', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const checkpoint = await Checkpoint.open<string>(directory);
      await checkpoint.save('a', { coveredSeq: 1 });
      await checkpoint.save('b', { coveredSeq: 2 });
      disk.fail('read', 1, 'EIO');
      expect(await rejection(checkpoint.load())).toMatchObject({
        code: 'ERR_TIDEMARK_IO',
        cause: { code: 'EIO' },
      });
      disk.fail('read', 2, 'EIO');
      expect(await checkpoint.loadLenient()).toMatchObject({
        value: 'a',
        generation: 1,
        rejected: [{ generation: 2, reason: expect.stringContaining('EIO') }],
      });
      // Too many open files, or no memory, say nothing about the file.
      disk.fail('open', 1, 'EMFILE');
      expect(await rejection(checkpoint.loadLenient())).toMatchObject({
        code: 'ERR_TIDEMARK_IO',
        cause: { code: 'EMFILE' },
      });
      expect(await checkpoint.load()).toMatchObject({ value: 'b' });
      await checkpoint.close();
    });
  });
});
