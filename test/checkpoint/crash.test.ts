// Power cuts in front of every call of a save, and every disk that may be found then.
import { Checkpoint, type LoadedCheckpoint } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { range } from '../support/journals';
import { fileName, joined, pieces } from './support';

const directory = '/a/state';
const states = 400;

/** A value that shows whose it is in every part of it. */
const numbered = (n: number) => ({ n, text: String(n).repeat(5000) });

/** What was acknowledged, or a later value that was asked for: whole, never lost, never mixed. */
function checkLoaded(loaded: LoadedCheckpoint<{ n: number }> | undefined, acknowledged: number) {
  const n = loaded?.value.n ?? 0;
  expect(n).toBeGreaterThanOrEqual(acknowledged);
  if (loaded !== undefined) {
    expect(loaded.value).toEqual(numbered(n));
    expect(loaded.coveredSeq).toBe(n);
  }
}

async function judge(disk: SimulatedDisk, acknowledged: number): Promise<void> {
  // A reader first: it changes nothing, so a cut right behind it must find what it was shown.
  const entries = await disk.fs.readdir('/');
  if (entries.includes('a') && (await disk.fs.readdir('/a')).includes('state')) {
    const reader = await Checkpoint.open<{ n: number }>(directory, { readOnly: true });
    const shown = await reader.load();
    checkLoaded(shown, acknowledged);
    await reader.close();
    disk.cut({ keep: 'none' });
    const again = await Checkpoint.open<{ n: number }>(directory, { readOnly: true });
    expect(await again.load()).toEqual(shown);
    await again.close();
  } else {
    expect(acknowledged).toBe(0);
  }
  const checkpoint = await Checkpoint.open<{ n: number }>(directory);
  const strict = await checkpoint.load();
  checkLoaded(strict, acknowledged);
  const lenient = await checkpoint.loadLenient();
  expect(lenient).toEqual(strict && { ...strict, rejected: [] });
  expect((await disk.fs.readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const { generation } = await checkpoint.save(numbered(100), { coveredSeq: 100 });
  expect(generation).toBeGreaterThan(strict?.generation ?? 0);
  disk.cut({ keep: 'none' });
  const after = await Checkpoint.open<{ n: number }>(directory);
  checkLoaded(await after.load(), 100);
  await after.close();
}

const last = (acknowledged: readonly unknown[]) => Number(acknowledged.at(-1) ?? 0);

describe('a power cut at any call', () => {
  it.each([1, 2])(
    'of saves one after the other leaves the newest acknowledged generation, or a later one, with keep %i',
    async (keep) => {
      const disk = new SimulatedDisk({ seed: 7 });
      const report = await disk.explore(
        async (acknowledge) => {
          const checkpoint = await Checkpoint.open<{ n: number }>(directory, { keep });
          for (const n of range(1, 4)) {
            await checkpoint.save(numbered(n), { coveredSeq: n });
            acknowledge(n);
          }
          await checkpoint.close();
        },
        (found, { acknowledged }) => judge(found, last(acknowledged)),
        { states },
      );
      expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
      expect(report.moments).toBeGreaterThan(20);
      expect(report.states).toBeGreaterThan(50);
    },
  );

  it('of saves at the same time, too', async () => {
    const disk = new SimulatedDisk({ seed: 8 });
    const report = await disk.explore(
      async (acknowledge) => {
        const checkpoints = await Promise.all(
          range(1, 2).map(() => Checkpoint.open<{ n: number }>(directory, { keep: 1 })),
        );
        let most = 0;
        await Promise.all(
          range(1, 6).map(async (n) => {
            await checkpoints[n % 2]?.save(numbered(n), { coveredSeq: n });
            most = Math.max(most, n);
            acknowledge(most);
          }),
        );
        await Promise.all(checkpoints.map((checkpoint) => checkpoint.close()));
      },
      (found, { acknowledged }) => judge(found, last(acknowledged)),
      { states },
    );
    expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
    expect(report.states).toBeGreaterThan(20);
  });

  it('of a stream leaves all of it or what was there before', async () => {
    const total = 2 * 1024 * 1024 + 17;
    const wanted = await joined(pieces(total, 300_000));
    const disk = new SimulatedDisk({ seed: 9 });
    const report = await disk.explore(
      async (acknowledge) => {
        const checkpoint = await Checkpoint.open<Uint8Array>(directory, { codec: 'binary' });
        await checkpoint.save(Buffer.from('before'));
        acknowledge(1);
        await checkpoint.save(pieces(total, 300_000));
        acknowledge(2);
        await checkpoint.close();
      },
      async (found, { acknowledged }) => {
        const checkpoint = await Checkpoint.open<Uint8Array>(directory, { codec: 'binary' });
        const loaded = await checkpoint.load();
        const generation = loaded?.generation ?? 0;
        expect(generation).toBeGreaterThanOrEqual(last(acknowledged));
        if (generation === 1) expect(String(loaded?.value)).toBe('before');
        if (generation === 2) expect(wanted.equals(loaded?.value as Buffer)).toBe(true);
        await checkpoint.close();
        expect(await found.fs.readdir(directory)).not.toContain('tmp');
      },
      { states: 120 },
    );
    expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
    expect(report.states).toBeGreaterThan(20);
  });

  it('is survived on a disk that tears overwritten blocks: a save overwrites nothing', async () => {
    const disk = new SimulatedDisk({ seed: 10, powersafeOverwrite: false });
    const report = await disk.explore(
      async (acknowledge) => {
        const checkpoint = await Checkpoint.open<{ n: number }>(directory);
        for (const n of range(1, 3)) {
          await checkpoint.save(numbered(n), { coveredSeq: n });
          acknowledge(n);
        }
        await checkpoint.close();
      },
      (found, { acknowledged }) => judge(found, last(acknowledged)),
      { states: 150 },
    );
    expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
  });

  it('behind the last call loses nothing, and the explorer sees a disk that lies', async () => {
    const honest = new SimulatedDisk();
    await honest.run(async () => {
      const checkpoint = await Checkpoint.open(directory);
      await checkpoint.save('kept');
      honest.cut({ keep: 'none' });
      const again = await Checkpoint.open(directory);
      expect((await again.load())?.value).toBe('kept');
      expect(await honest.fs.readdir(directory)).toContain(fileName(1));
    });
    const lying = new SimulatedDisk({ lyingSync: true });
    await lying.run(async () => {
      const checkpoint = await Checkpoint.open(directory);
      await checkpoint.save('lost');
      lying.cut({ keep: 'none' });
      const again = await Checkpoint.open(directory);
      expect(await again.load()).toBeUndefined();
    });
  });
});
