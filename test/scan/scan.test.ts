// Scan: what is marked stays marked, counts once, and is not worked on again.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal, Scan, type ScanOptions } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collect, rejection, temporaryDirectory } from '../support/journals';

async function openScan(directory: string, options: Partial<ScanOptions> = {}): Promise<Scan> {
  const scan = await Scan.open(directory, { id: 's', ...options });
  onTestFinished(() => scan.close().catch(() => {}));
  return scan;
}

const onDisk = (body: (disk: SimulatedDisk) => Promise<void>) => () => {
  const disk = new SimulatedDisk();
  return disk.run(() => body(disk));
};

class Latch {
  open = (): void => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

describe('marks', () => {
  it(
    'are there after a power cut, each once',
    onDisk(async (disk) => {
      const scan = await openScan('/s', { total: 5 });
      await scan.markComplete('a', { findings: 2 });
      await scan.markComplete('a', { findings: 9 });
      await scan.markSkipped('b', 'robots');
      await scan.markFailed('c', new Error('reset'));
      await scan.recordFindings('c', 3);
      await scan.markComplete('e', { findings: 1, detail: '{"sha256":"00"}' });
      await scan.markComplete('e', { detail: 'a later one' });
      disk.cut({ keep: 'none' });
      const again = await openScan('/s');
      expect(again.counts).toEqual({ complete: 2, skipped: 1, failed: 1, findings: 6, total: 5 });
      expect([...again.targets()]).toMatchObject([
        { target: 'a', status: 'complete', findings: 2, at: expect.any(Date) },
        { target: 'b', status: 'skipped', detail: 'robots' },
        { target: 'c', status: 'failed', detail: 'reset', findings: 3 },
        { target: 'e', status: 'complete', detail: '{"sha256":"00"}', findings: 1 },
      ]);
      expect(again.recovery).toMatchObject({ path: 'recovered', replayed: again.stats().seq });
      expect(['a', 'b', 'c', 'd'].map((target) => again.status(target))).toEqual([
        'complete',
        'skipped',
        'failed',
        undefined,
      ]);
      expect(again.isComplete('a')).toBe(true);
      expect(again.isComplete('b')).toBe(false);
    }),
  );

  it(
    'of what is marked already cost nothing, unless an unmark is on its way',
    onDisk(async () => {
      const scan = await openScan('/s');
      await scan.markComplete('a');
      const { seq } = scan.stats();
      await scan.markComplete('a');
      expect(scan.stats().seq).toBe(seq);
      const unmarked = scan.unmark('a');
      await scan.markComplete('a');
      await unmarked;
      expect(scan.isComplete('a')).toBe(true);
      await scan.unmark('a');
      expect(scan.counts.complete).toBe(0);
    }),
  );

  it(
    'S9: names of every kind come back',
    onDisk(async () => {
      const names = [
        '',
        '\0',
        'a\nb',
        '"',
        "'",
        '../../etc',
        '🌊',
        '0',
        '__proto__',
        'x'.repeat(100_000),
      ];
      const scan = await openScan('/s');
      await Promise.all(names.map((name) => scan.markComplete(name)));
      await Promise.all(names.map((name) => scan.markComplete(name)));
      await scan.checkpoint();
      await scan.close();
      const again = await openScan('/s');
      expect([...again.targets()].map(({ target }) => target)).toEqual(names);
      await expect(again.markComplete('\ud800')).rejects.toThrow(/lone surrogate/);
      await expect(again.markComplete(5 as never)).rejects.toThrow(TypeError);
    }),
  );

  it('S9: 100,000 of them, and as many again', async () => {
    const directory = temporaryDirectory();
    const scan = await openScan(directory);
    const names = Array.from({ length: 100_000 }, (_, n) => `https://example.org/${n}`);
    await Promise.all(names.map((name) => scan.markComplete(name)));
    await Promise.all(names.slice(0, 10_000).map((name) => scan.markComplete(name)));
    expect(scan.counts.complete).toBe(100_000);
    await scan.close();
    expect((await openScan(directory)).counts.complete).toBe(100_000);
  });
});

describe('S5: whose scan it is', () => {
  it(
    'another one is refused, and taken over only when asked to',
    onDisk(async () => {
      const scan = await openScan('/s');
      await scan.markComplete('a');
      await scan.close();
      expect(await rejection(openScan('/s', { id: 'other' }))).toMatchObject({
        code: 'ERR_TIDEMARK_MISMATCH',
        path: '/s',
      });
      const adopted = await openScan('/s', { id: 'other', adopt: true });
      expect(adopted.isComplete('a')).toBe(true);
      await adopted.close();
      expect(await rejection(openScan('/s'))).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
      expect((await openScan('/s', { id: 'other' })).id).toBe('other');
    }),
  );

  it('options are checked', async () => {
    for (const options of [
      { id: 5 },
      { id: '' },
      { total: -1 },
      { totals: 1 },
      { durability: 'never' },
    ]) {
      await expect(openScan(temporaryDirectory(), options as never)).rejects.toThrow(
        /must|not an option/,
      );
    }
  });
});

describe('run', () => {
  it(
    'works on what is left, marks it, and leaves out what is done',
    onDisk(async () => {
      const scan = await openScan('/s');
      await scan.markComplete('a');
      await scan.markSkipped('b');
      const worked: string[] = [];
      let atOnce = 0;
      let most = 0;
      const worker = async (target: string) => {
        worked.push(target);
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise(setImmediate);
        atOnce -= 1;
        if (target === 'bad') throw new Error('no route');
        return target === 'd' ? { findings: 4, detail: 'four' } : { other: -1 };
      };
      const targets = ['a', 'b', 'c', 'd', 'bad', 'c', 'e', 'bad'];
      const report = await scan.run(targets, worker, { concurrency: 2 });
      expect(report).toEqual({ complete: 3, failed: 1, leftOut: 4 });
      expect(worked.sort()).toEqual(['bad', 'c', 'd', 'e']);
      expect(most).toBe(2);
      expect(scan.counts).toMatchObject({ complete: 4, skipped: 1, failed: 1, findings: 4 });
      expect([...scan.targets('failed')]).toMatchObject([{ target: 'bad', detail: 'no route' }]);
      const kept = [...scan.targets(({ detail }) => detail !== undefined)];
      expect(kept.map(({ target, detail }) => [target, detail])).toEqual([
        ['d', 'four'],
        ['bad', 'no route'],
      ]);
      expect(await collect(scan.pending(['a', 'bad', 'z']))).toEqual(['bad', 'z']);

      const again = await scan.run(targets, async () => {});
      expect(again).toEqual({ complete: 1, failed: 0, leftOut: 7 });
      expect(scan.counts).toMatchObject({ complete: 5, failed: 0 });
    }),
  );

  it(
    'marks a target as failed whose result cannot be kept, and says why',
    onDisk(async () => {
      const scan = await openScan('/s');
      const results: Record<string, unknown> = {
        negative: { findings: -1 },
        fraction: { findings: 0.5 },
        'no number': { findings: Number.NaN },
        bigint: { findings: 1n },
        list: { findings: ['x'] },
        detail: { findings: 2, detail: 5 },
        getter: {
          get findings() {
            throw new Error('not now');
          },
        },
        good: { findings: 3, detail: 'three' },
        nothing: undefined,
      };
      const targets = Object.keys(results);
      const report = await scan.run(targets, async (target) => results[target]);
      expect(report).toEqual({ complete: 2, failed: 7, leftOut: 0 });
      expect(scan.counts).toMatchObject({ complete: 2, failed: 7, findings: 3 });
      const failures = new Map([...scan.targets('failed')].map((each) => [each.target, each]));
      expect(failures.get('negative')?.detail).toMatch(/"findings" must be .*, not -1$/);
      expect(failures.get('bigint')?.detail).toMatch(/"findings" must be .*, not 1n$/);
      expect(failures.get('detail')?.detail).toBe('"detail" must be a string, not 5');
      expect(failures.get('getter')?.detail).toBe('not now');
      const again = await scan.run(targets, async () => ({ findings: 1 }));
      expect(again).toEqual({ complete: 7, failed: 0, leftOut: 2 });
    }),
  );

  it(
    'ends when it is aborted: workers are waited for, and none of them failed',
    onDisk(async () => {
      const scan = await openScan('/s');
      const controller = new AbortController();
      let ended = 0;
      async function* endless() {
        for (let n = 0; ; n++) yield `target ${n}`;
      }
      const run = scan.run(
        endless(),
        async (target, { signal }) => {
          if (target === 'target 10') controller.abort(new Error('enough'));
          await new Promise(setImmediate);
          ended += 1;
          signal.throwIfAborted();
        },
        { concurrency: 3, signal: controller.signal },
      );
      await expect(run).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
      const { complete, failed } = scan.counts;
      expect(failed).toBe(0);
      expect(complete).toBeGreaterThan(5);
      const endedThen = ended;
      await new Promise(setImmediate);
      expect(ended).toBe(endedThen);
    }),
  );

  it.each([
    ['a generator', 'generator'],
    ['an iterator', 'iterator'],
  ])('ends when it is aborted while %s has no next target', (_, kind) =>
    new SimulatedDisk().run(async () => {
      const scan = await openScan('/s');
      const controller = new AbortController();
      const [asked, release] = [new Latch(), new Latch()];
      let returned = false;
      async function* generator() {
        try {
          yield 'a';
          asked.open();
          await release.opened;
          throw new Error('too late to matter');
        } finally {
          returned = true;
        }
      }
      const given = ['a'];
      const iterator = {
        [Symbol.asyncIterator]: () => iterator,
        next: () => {
          const value = given.pop();
          if (value !== undefined) return Promise.resolve({ done: false as const, value });
          asked.open();
          return new Promise<never>(() => {});
        },
        return: () => {
          returned = true;
          return new Promise<never>(() => {});
        },
      };
      const run = scan.run(kind === 'generator' ? generator() : iterator, async () => {}, {
        concurrency: 3,
        signal: controller.signal,
      });
      await asked.opened;
      controller.abort(new Error('enough'));
      await expect(run).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
      expect(scan.counts).toMatchObject({ complete: 1, failed: 0 });
      release.open();
      await expect.poll(() => returned).toBe(true);
    }),
  );

  it(
    'ends with the error of a mark that was refused',
    onDisk(async (disk) => {
      const scan = await openScan('/s');
      const run = scan.run(['a', 'b', 'c', 'd'], async (target) => {
        if (target === 'b') disk.cut();
      });
      await expect(run).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_TIDEMARK_/) });
    }),
  );
});

describe('merge', () => {
  it(
    'takes over what the other knows, and nothing twice',
    onDisk(async () => {
      const scan = await openScan('/s');
      const other = await openScan('/o');
      await scan.markComplete('both', { findings: 1 });
      await scan.markFailed('retried', 'x');
      await scan.markComplete('mine');
      await other.markComplete('both', { findings: 9 });
      await other.markComplete('retried', { findings: 2 });
      await other.markSkipped('mine', 'why');
      await other.markComplete('theirs', { findings: 5 });
      await other.recordFindings('open', 3);
      const report = await scan.merge(other);
      expect(report).toEqual({
        added: 2,
        same: 1,
        conflicts: [
          { target: 'retried', kept: 'theirs' },
          { target: 'mine', kept: 'ours' },
        ],
      });
      const counts = { complete: 4, skipped: 0, failed: 0, findings: 11 };
      expect(scan.counts).toMatchObject(counts);
      await scan.merge('/o');
      await other.close();
      await scan.merge('/o');
      expect(scan.counts).toMatchObject(counts);
      await scan.merge('/o', (target) => (target === 'mine' ? 'theirs' : 'ours'));
      expect(scan.status('mine')).toBe('skipped');
      const foreign = await openScan('/f', { id: 'f' });
      expect(await rejection(scan.merge(foreign))).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    }),
  );
});

describe('a function for the conflicts of a merge', () => {
  const other = async () => {
    const theirs = await openScan('/o');
    await theirs.markSkipped('a', 'why');
    return theirs;
  };

  it.each([
    ['undefined', () => undefined, 'must be a string'],
    ['another word', () => 'bogus', "must be one of 'ours', 'theirs', not 'bogus'"],
    ['a promise', async () => 'ours', 'returned a promise'],
    ['a promise that rejects', () => Promise.reject(new Error('no')), 'returned a promise'],
  ])('that says %s is refused, and nothing is overwritten', (_, says, shown) =>
    new SimulatedDisk().run(async () => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', listener);
      try {
        const scan = await openScan('/s');
        await scan.markComplete('a', { findings: 3 });
        const { seq } = scan.stats();
        const error = (await rejection(scan.merge(await other(), says as never))) as Error;
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toContain(shown);
        expect(scan.stats().seq).toBe(seq);
        expect(scan.counts).toMatchObject({ complete: 1, skipped: 0, findings: 3 });
        await new Promise(setImmediate);
        expect(unhandled).toEqual([]);
      } finally {
        process.off('unhandledRejection', listener);
      }
    }),
  );
});

describe('progress', () => {
  it(
    'goes on from run to run, and what is done elsewhere counts at once',
    onDisk(async () => {
      const scan = await openScan('/s', { total: 3 });
      const updates: number[] = [];
      scan.progress.on('update', ({ complete }) => updates.push(complete));
      await scan.run(['a', 'b'], async () => new Promise((resolve) => setTimeout(resolve, 5)));
      expect(scan.progress.toJSON()).toMatchObject({ complete: 2, total: 3 });
      expect(scan.progress.rate).toBeGreaterThan(0);
      expect(scan.progress.eta).toBeGreaterThan(0);
      await scan.close();
      expect(updates.at(-1)).toBe(2);
      const again = await openScan('/s');
      expect(again.progress.activeMs).toBeGreaterThanOrEqual(Math.floor(scan.progress.activeMs));
      expect(again.progress).toMatchObject({ complete: 2, total: 3, recentRate: null });
      const beside = await openScan('/s');
      await beside.setTotal(4);
      await beside.markComplete('c');
      await expect.poll(() => again.counts).toMatchObject({ complete: 3, total: 4 });
    }),
  );
});

describe('settings', () => {
  const settings = (directory: string) => ({
    scan_id: 's',
    checkpoint_path: join(directory, 'scan'),
    total_targets: 10,
    sync_checkpoint: true,
    flush_interval_secs: 0,
  });
  const calls = (disk: SimulatedDisk, begin: number, part: string) =>
    disk
      .calls()
      .slice(begin)
      .filter(({ path }) => path.includes(part))
      .map(({ kind }) => kind);

  it(
    'scan_id says whose it is',
    onDisk(async () => {
      await (await Scan.fromSettings(settings('/d'))).close();
      const other = Scan.fromSettings({ ...settings('/d'), scan_id: 'other' });
      expect(await rejection(other)).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    }),
  );

  it(
    'checkpoint_path says where it is',
    onDisk(async (disk) => {
      for (const path of ['/d/one', '/d/two']) {
        const scan = await Scan.fromSettings({ ...settings('/d'), checkpoint_path: path });
        await scan.markComplete(path);
        await scan.checkpoint();
        await scan.close();
        expect(await disk.fs.readdir(`${path}/scan/checkpoint`)).toContain(
          'checkpoint-0000000000000001.tide',
        );
      }
      const scan = await Scan.fromSettings({ ...settings('/d'), checkpoint_path: '/d/one' });
      expect([...scan.targets()].map(({ target }) => target)).toEqual(['/d/one']);
      await scan.close();
    }),
  );

  it(
    'journal_path says where the marks are',
    onDisk(async () => {
      const scan = await Scan.fromSettings({ ...settings('/d'), journal_path: '/d/marks' });
      await scan.markComplete('a');
      await scan.close();
      const journal = await Journal.open('/d/marks', { readOnly: true });
      expect(journal.lastSeq).toBeGreaterThan(0);
      await journal.close();
      // Without it they are elsewhere, and there are none yet.
      const inside = await Scan.fromSettings(settings('/d'));
      expect(inside.isComplete('a')).toBe(false);
      await inside.close();
    }),
  );

  it(
    'total_targets says how many there are',
    onDisk(async () => {
      for (const total of [10, 20]) {
        const scan = await Scan.fromSettings({ ...settings('/d'), total_targets: total });
        expect(scan.counts.total).toBe(total);
        await scan.close();
      }
      const { total_targets: _, ...without } = settings('/d');
      const scan = await Scan.fromSettings(without);
      expect(scan.counts.total).toBe(20);
      await scan.close();
    }),
  );

  it(
    'sync_checkpoint = false leaves a checkpoint to the system',
    onDisk(async (disk) => {
      const syncs = async (sync: boolean) => {
        const scan = await Scan.fromSettings({
          ...settings(`/d/${sync}`),
          sync_checkpoint: sync,
        });
        await scan.markComplete('a');
        const begin = disk.calls().length;
        await scan.checkpoint();
        const kinds = calls(disk, begin, `/d/${sync}/scan/scan/checkpoint`);
        await scan.close();
        return kinds.filter((kind) => kind === 'sync' || kind === 'syncDirectory').length;
      };
      expect(await syncs(true)).toBeGreaterThan(0);
      expect(await syncs(false)).toBe(0);
    }),
  );

  it(
    'flush_interval_secs = n lets a mark resolve before it is on stable storage, 0 does not',
    onDisk(async (disk) => {
      const kept = async (seconds: number) => {
        const described = { ...settings(`/d/${seconds}`), flush_interval_secs: seconds };
        const scan = await Scan.fromSettings(described);
        await scan.markComplete('a');
        disk.cut({ keep: 'none' });
        await scan.close().catch(() => {});
        const again = await Scan.fromSettings(described);
        const complete = again.isComplete('a');
        await again.close();
        return complete;
      };
      expect(await kept(0)).toBe(true);
      expect(await kept(3600)).toBe(false);
    }),
  );

  it('come from a file or a text, too', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'settings'));
    const file = join(directory, 'settings', 'scan.toml');
    const { ScanSettings } = await import('tidemark');
    await ScanSettings.save(settings(directory), file);
    const fromFile = await Scan.fromSettings(file);
    expect(fromFile.id).toBe('s');
    await fromFile.close();
    const fromText = await Scan.fromSettings(ScanSettings.toToml(settings(directory)));
    expect(fromText.counts.total).toBe(10);
    await fromText.close();
    expect(await rejection(Scan.fromSettings(join(directory, 'none.toml')))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
    });
  });
});
