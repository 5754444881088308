// What the demonstration decides without running anything: kills, walk, proof.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Scan } from 'tidemark';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '#lib/cli/demo/hashing';
import { killPoints, killsFor, leastKills, Random, smallTree } from '#lib/cli/demo/plan';
import { type Claim, checkRecords, type Held, prove } from '#lib/cli/demo/proof';
import { detailOf } from '#lib/cli/demo/protocol';
import { survey, walk } from '#lib/cli/demo/tree';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-demo-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the kills', () => {
  it('are the same for the same seed, ascending, within the work', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: smallTree, max: 1e6 }), (seed, files) => {
        const kills = killsFor(files);
        const points = killPoints(files, kills, new Random(seed));
        expect(kills).toBeGreaterThanOrEqual(leastKills);
        expect(points).toHaveLength(kills);
        expect(points).toEqual(killPoints(files, kills, new Random(seed)));
        expect(points).toEqual([...new Set(points)].sort((a, b) => a - b));
        expect(points[0]).toBeGreaterThan(0);
        expect(points.at(-1)).toBeLessThan(files);
      }),
    );
  });

  it('differ between seeds', () => {
    const drawn = ['a', 'b', 'c'].map((seed) => killPoints(10_000, 7, new Random(seed)).join());
    expect(new Set(drawn).size).toBe(3);
  });

  it('are fewer for a small tree', () => {
    expect(killsFor(10)).toBe(0);
    expect(killsFor(100)).toBe(1);
    expect(killsFor(smallTree - 1)).toBeLessThan(leastKills);
  });
});

describe('the walk', () => {
  it('finds regular files once, in one order, and follows no link', () => {
    mkdirSync(join(root, 'b', 'c'), { recursive: true });
    for (const path of ['z', 'a', 'b/2', 'b/1', 'b/c/x']) writeFileSync(join(root, path), path);
    symlinkSync(root, join(root, 'b', 'loop'));
    symlinkSync(join(root, 'a'), join(root, 'link'));
    const files = [...walk(root, '')];
    expect(files).toEqual(['a', 'z', 'b/1', 'b/2', 'b/c/x']);
    expect(survey(root, '', { files: 100, bytes: 1e9 })).toEqual({
      files,
      bytes: 13,
      leftOut: 0,
      bounded: false,
    });
  });

  it('leaves out the directory of the journal, and stops at its bounds', () => {
    mkdirSync(join(root, 'journal'));
    for (const path of ['a', 'b', 'journal/x']) writeFileSync(join(root, path), 'xx');
    expect([...walk(root, join(root, 'journal'))]).toEqual(['a', 'b']);
    const bounded = survey(root, '', { files: 2, bytes: 1e9 });
    expect(bounded).toMatchObject({ files: ['a', 'b'], bounded: true });
    expect(survey(root, '', { files: 9, bytes: 3 })).toMatchObject({ files: ['a'], bounded: true });
  });
});

describe('the proof', () => {
  const held = (paths: readonly string[]): Held => ({
    marks: paths.map((path) => ({ path })),
    records: paths.length,
    fromSeq: 1,
    lastSeq: paths.length,
  });
  const failing = (claim: Partial<Claim>, journal: Held): string[] =>
    checkRecords(
      { scan: '', tree: root, files: ['a', 'b'], acknowledged: new Set(), ...claim },
      journal,
    )
      .filter(({ holds }) => !holds)
      .map(({ name }) => name);
  beforeEach(() => {
    for (const path of ['a', 'b']) writeFileSync(join(root, path), path);
  });

  it('holds for a complete journal', () => {
    expect(failing({ acknowledged: new Set(['b']) }, held(['a', 'b']))).toEqual([]);
  });

  it('fails for a file that is not recorded, unless the file is gone', () => {
    expect(failing({}, held(['a']))).toEqual(['every file is recorded']);
    rmSync(join(root, 'b'));
    expect(failing({}, held(['a']))).toEqual([]);
  });

  it('fails for a file that is recorded twice', () => {
    expect(failing({}, held(['a', 'b', 'a']))).toEqual(['none is recorded twice']);
  });

  it('fails for an acknowledged file of which there is no mark', () => {
    expect(failing({ acknowledged: new Set(['c']) }, held(['a', 'b']))).toEqual([
      'nothing acknowledged is missing',
    ]);
  });

  it('holds where the checkpoint stands for records that were released', async () => {
    const directory = join(root, 'scan');
    const scan = await Scan.open(directory, { id: 'demo' });
    for (const path of ['a', 'b', 'c']) {
      const detail = detailOf(hashFile(root, path));
      await (path === 'c' ? scan.markSkipped(path) : scan.markComplete(path, { detail }));
      await scan.checkpoint();
    }
    await scan.close();
    const claim = { scan: directory, tree: root, files: ['a', 'b'] };
    const fails = async (more: Partial<Claim>) =>
      (await prove({ ...claim, acknowledged: new Set(['a', 'b', 'c']), ...more }, new Random('')))
        .filter(({ holds }) => !holds)
        .map(({ name }) => name);
    const [first] = await prove({ ...claim, acknowledged: new Set() }, new Random(''));
    expect(first?.detail).toBe('2 files, 3 recorded');
    expect(await fails({})).toEqual([]);
    expect(await fails({ acknowledged: new Set(['d']) })).toEqual([
      'nothing acknowledged is missing',
    ]);
  });

  it('fails for a hole in the seqs', () => {
    const journal = { ...held(['a', 'b']), lastSeq: 3 };
    expect(failing({}, journal)).toEqual(['the seqs have no holes']);
  });
});
