// The scenarios of scan checkpoints (S) and of a checkpoint beside a journal (C), as far as they
// concern checkpoints: each on the simulated disk and on the real one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, Journal } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { range, rejection } from '../support/journals';
import { flip, real, simulated } from '../support/places';
import { fileName } from './support';

/** Counts what it is told: a state in the smallest form, with its journal and its checkpoint. */
interface Counted {
  seq: number;
  sum: number;
}

/** Opens both as the coordination rules say, and gives the state with every record applied once. */
async function recover(directory: string) {
  const checkpoint = await Checkpoint.open<Counted>(join(directory, 'checkpoint'));
  const loaded = await checkpoint.loadLenient();
  const state = loaded?.value ?? { seq: 0, sum: 0 };
  const journal = await Journal.open<number>(join(directory, 'journal'), {
    expectSeq: loaded?.coveredSeq ?? 0,
  });
  expect(journal.firstSeq).toBeLessThanOrEqual((loaded?.coveredSeq ?? 0) + 1);
  for await (const { seq, value } of journal.read({ from: (loaded?.coveredSeq ?? 0) + 1 })) {
    expect(seq).toBe(state.seq + 1);
    state.seq = seq;
    state.sum += value;
  }
  const close = () => Promise.all([journal.close(), checkpoint.close()]);
  return { checkpoint, journal, state, loaded, close };
}

/** One who commits, checkpoints, and releases what the oldest generation covers. */
async function work(directory: string, from: number, to: number, told: (seq: number) => void) {
  const { checkpoint, journal, state, close } = await recover(directory);
  for (const n of range(from, to)) {
    state.seq = await journal.append(n);
    state.sum += n;
    told(state.seq);
    if (n % 3 === 0) {
      const { id, epoch } = journal;
      await journal.waitFor(state.seq);
      await checkpoint.save(state, { coveredSeq: state.seq, journal: { id, epoch } });
      const oldest = (await checkpoint.generations()).at(-1)?.header?.coveredSeq ?? 0;
      await journal.truncateBefore(oldest + 1);
    }
  }
  await close();
}

const sumTo = (n: number) => (n * (n + 1)) / 2;

describe.each([
  ['simulated', simulated],
  ['real', real],
])('on the %s disk', (_, place) => {
  it('S4 nothing was ever saved: a missing, an empty and a half-made directory are empty', async () => {
    const { directory, files, run } = place();
    await run(async () => {
      const checkpoint = await Checkpoint.open(directory);
      expect(await checkpoint.load()).toBeUndefined();
      await checkpoint.close();
      // A writer that died before its first generation had its name.
      await files.write(join(directory, 'checkpoint-00000000000000ff.tide.tmp'), Buffer.alloc(9));
      const again = await Checkpoint.open(directory);
      expect(await again.load()).toBeUndefined();
      expect(await again.loadLenient()).toBeUndefined();
      await again.close();
      expect(await files.names(directory)).toEqual(['checkpoint.lock']);
    });
  });

  it('S5 a missing one is new, a damaged one falls back with its reason, none valid is an error', async () => {
    const where = place();
    const { directory, run } = where;
    await run(async () => {
      const checkpoint = await Checkpoint.open<string>(directory);
      expect(await checkpoint.loadLenient()).toBeUndefined();
      await checkpoint.save('one', { coveredSeq: 10 });
      await checkpoint.save('two', { coveredSeq: 20 });
      await flip(where, join(directory, fileName(2)), 4097);
      expect(await rejection(checkpoint.load())).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
      expect(await checkpoint.loadLenient()).toMatchObject({
        value: 'one',
        coveredSeq: 10,
        rejected: [{ generation: 2, reason: expect.stringContaining('damaged') }],
      });
      await flip(where, join(directory, fileName(1)), 20);
      expect(await rejection(checkpoint.load())).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
      expect(await rejection(checkpoint.loadLenient())).toMatchObject({
        code: 'ERR_TIDEMARK_CORRUPT',
      });
      await checkpoint.close();
    });
  });

  it('S5 a read-only open creates nothing, and a missing directory is an error', async () => {
    const { directory, files, run } = place();
    await run(async () => {
      const missing = await rejection(Checkpoint.open(directory, { readOnly: true }));
      expect(missing).toMatchObject({ code: 'ERR_TIDEMARK_IO', cause: { code: 'ENOENT' } });
      const writer = await Checkpoint.open(directory);
      await writer.save(1);
      await writer.close();
      const before = await files.names(directory);
      const reader = await Checkpoint.open(directory, { readOnly: true });
      expect(await reader.load()).toMatchObject({ value: 1 });
      await reader.close();
      expect(await files.names(directory)).toEqual(before);
    });
  });

  it('S6 a temporary file of a dead writer goes at the next open, its value was never there', async () => {
    const { directory, files, run } = place();
    await run(async () => {
      const checkpoint = await Checkpoint.open<string>(directory);
      await checkpoint.save('old');
      await checkpoint.close();
      for (const n of range(1, 3)) {
        const name = `checkpoint-000000000000000${n}.tide.tmp`;
        await files.write(join(directory, name), Buffer.alloc(5000, n));
      }
      const again = await Checkpoint.open<string>(directory);
      expect(await again.load()).toMatchObject({ value: 'old', generation: 1 });
      expect((await files.names(directory)).sort()).toEqual(
        [fileName(1), 'checkpoint.lock'].sort(),
      );
      await again.close();
    });
  });

  it('S9 100,000 targets of any spelling come back, duplicates once', async () => {
    const { directory, run } = place();
    const targets = new Set(range(1, 100_000).map((n) => `https://host/${n % 90_000}`));
    for (const odd of ['', '\n', '\0', '"', '../', '🌊', 'x'.repeat(100_000)]) targets.add(odd);
    await run(async () => {
      const checkpoint = await Checkpoint.open<Set<string>>(directory);
      await checkpoint.save(targets);
      const loaded = await checkpoint.load();
      expect(loaded?.value.size).toBe(90_007);
      expect([...(loaded?.value ?? [])]).toEqual([...targets]);
      await checkpoint.close();
    });
  });

  it('C1 to C6 ended anywhere and opened again, every record is applied once', async () => {
    const { directory, run } = place();
    await run(async () => {
      for (const round of range(0, 4)) {
        await work(directory, round * 7 + 1, round * 7 + 7, () => {});
        const { state, close } = await recover(directory);
        expect(state).toEqual({ seq: round * 7 + 7, sum: sumTo(round * 7 + 7) });
        await close();
      }
    });
  });

  it('C a checkpoint that covers more than the journal has is an error, nothing is created', async () => {
    const { directory, files, run } = place();
    await run(async () => {
      const checkpoint = await Checkpoint.open<Counted>(join(directory, 'checkpoint'));
      await checkpoint.save({ seq: 5, sum: 15 }, { coveredSeq: 5 });
      await checkpoint.close();
      expect(await rejection(recover(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
      expect(await files.names(directory)).toEqual(['checkpoint']);
    });
  });

  it('C a damaged newest generation costs a longer replay, not a different state', async () => {
    const where = place();
    const { directory, run } = where;
    await run(async () => {
      await work(directory, 1, 10, () => {});
      await flip(where, join(directory, 'checkpoint', fileName(3)), 4100);
      const { state, loaded, close } = await recover(directory);
      expect(loaded).toMatchObject({ generation: 2, coveredSeq: 6, rejected: [{ generation: 3 }] });
      expect(state).toEqual({ seq: 10, sum: sumTo(10) });
      await close();
    });
  });
});

describe('on the simulated disk, with the power cut at any call', () => {
  it('C1 to C6 before the temporary file, behind its sync, the rename, the sync of the directory, in the release and behind it', async () => {
    const disk = new SimulatedDisk({ seed: 3 });
    const report = await disk.explore(
      (acknowledge) => work('/both', 1, 9, acknowledge),
      async (_found, { acknowledged }) => {
        const { state, close } = await recover('/both');
        expect(state.sum).toBe(sumTo(state.seq));
        expect(state.seq).toBeGreaterThanOrEqual(Number(acknowledged.at(-1) ?? 0));
        await close();
      },
      { states: 400 },
    );
    expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
    expect(report.states).toBeGreaterThan(100);
    expect(existsSync('/both')).toBe(false);
  });

  it('S6 old or new, whole, and no temporary file stays', async () => {
    const disk = new SimulatedDisk({ seed: 4 });
    const value = 'new '.repeat(3000);
    const report = await disk.explore(
      async (acknowledge) => {
        const checkpoint = await Checkpoint.open<string>('/scan');
        await checkpoint.save('old');
        acknowledge('old');
        await checkpoint.save(value);
        acknowledge(value);
      },
      async (found, { acknowledged }) => {
        const checkpoint = await Checkpoint.open<string>('/scan');
        const loaded = (await checkpoint.load())?.value;
        const possible = { 0: [undefined, 'old'], 1: ['old', value], 2: [value] };
        expect(possible[acknowledged.length as 0 | 1 | 2]).toContain(loaded);
        expect((await found.fs.readdir('/scan')).some((name) => name.endsWith('.tmp'))).toBe(false);
      },
      { states: 200 },
    );
    expect(report.violations.map(({ error, ...where }) => [String(error), where])).toEqual([]);
  });
});
