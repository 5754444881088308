// Checkpoint and journal together, cut and damaged at every step: S and C scenarios.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, Journal } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { rejection, temporaryDirectory } from '../support/journals';
import { commitTo, type List, openList, textsTo } from './states';

const checkpoints = (directory: string) => join(directory, 'state', 'checkpoint');
const generationFiles = (directory: string) =>
  readdirSync(checkpoints(directory))
    .filter((name) => name.endsWith('.tide'))
    .sort()
    .map((name) => join(checkpoints(directory), name));

function flip(file: string, bit: number): void {
  const bytes = readFileSync(file);
  const at = bit >> 3;
  bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  writeFileSync(file, bytes);
}

/** A closed state with two generations, covering 6 and 9 of 12 events. */
async function withGenerations(directory: string): Promise<void> {
  const state = await openList(directory);
  for (const last of [3, 6, 9]) {
    await commitTo(state, last);
    await state.checkpoint();
  }
  await commitTo(state, 12);
  await state.close();
}

describe('C1 to C6: the power goes out at any step of a checkpoint and of the release behind it', () => {
  it('what was acknowledged is in the value, and the value is that of a prefix', async () => {
    const disk = new SimulatedDisk({ seed: 7 });
    const { violations, states } = await disk.explore(
      async (acknowledge) => {
        const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
        const state = await openList('/s', { journal, keep: 2 });
        for (let round = 1; round <= 4; round++) {
          for (let n = 0; n < 2; n++) acknowledge(await state.commit(`event ${state.seq + 1}`));
          await state.checkpoint();
        }
        acknowledge(await state.commit(`event ${state.seq + 1}`));
        await state.close();
        await journal.close();
      },
      async (_disk, { acknowledged }) => {
        const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
        const state = await openList('/s', { journal, keep: 2 });
        const least = Math.max(0, ...(acknowledged as number[]));
        expect(state.seq).toBeGreaterThanOrEqual(least);
        expect(state.value).toEqual(textsTo(state.seq));
        // It goes on, and is opened again.
        await state.commit(`event ${state.seq + 1}`);
        await state.checkpoint();
        const last = state.seq;
        await state.close();
        const again = await openList('/s', { journal, keep: 2 });
        expect(again.value).toEqual(textsTo(last));
        await again.close();
        await journal.close();
      },
      { states: 120 },
    );
    expect(violations.map(({ error, before }) => ({ error: String(error), before }))).toEqual([]);
    expect(states).toBe(120);
  }, 120_000);

  it('with events that fill segments, so that files go while generations come', async () => {
    const text = (seq: number) => `event ${seq} `.padEnd(30_000, '.');
    const open = async () => {
      const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
      return { journal, state: await openList('/s', { journal, keep: 2 }) };
    };
    const disk = new SimulatedDisk({ seed: 9 });
    let most = 0;
    const { violations, states } = await disk.explore(
      async (acknowledge) => {
        const { journal, state } = await open();
        for (let round = 1; round <= 5; round++) {
          for (let n = 0; n < 3; n++) acknowledge(await state.commit(text(state.seq + 1)));
          await state.checkpoint();
          most = Math.max(most, journal.segments().length);
        }
        await state.close();
        await journal.close();
      },
      async (_disk, { acknowledged }) => {
        const { journal, state } = await open();
        expect(state.seq).toBeGreaterThanOrEqual(Math.max(0, ...(acknowledged as number[])));
        expect(state.value.map(({ seq }) => seq)).toEqual(textsTo(state.seq).map(({ seq }) => seq));
        expect(state.value.every((entry) => entry.text === text(entry.seq))).toBe(true);
        // Every generation that is kept can be replayed from: the oldest one covers all but what is there.
        const checkpoint = await Checkpoint.open('/s/state/checkpoint', { readOnly: true });
        for (const { header } of await checkpoint.generations()) {
          expect(journal.firstSeq).toBeLessThanOrEqual((header?.coveredSeq ?? 0) + 1);
        }
        await checkpoint.close();
        await state.close();
        await journal.close();
      },
      { states: 80 },
    );
    expect(violations.map(({ error, before }) => ({ error: String(error), before }))).toEqual([]);
    expect(states).toBe(80);
    // Fifteen events would fill eight segments.
    expect(most).toBeLessThan(7);
  }, 120_000);

  it('with records that are not yet on the disk when the checkpoint is saved', async () => {
    const disk = new SimulatedDisk({ seed: 8 });
    const { violations } = await disk.explore(
      async (acknowledge) => {
        const state = await openList('/s', { durability: 'os', keep: 1 });
        for (let round = 1; round <= 3; round++) {
          for (let n = 0; n < 3; n++) await state.commit(`event ${state.seq + 1}`);
          const { seq } = state;
          await state.checkpoint();
          acknowledge(seq);
        }
        await state.close();
      },
      async (_disk, { acknowledged }) => {
        const state = await openList('/s', { keep: 1 });
        expect(state.seq).toBeGreaterThanOrEqual(Math.max(0, ...(acknowledged as number[])));
        expect(state.value).toEqual(textsTo(state.seq));
        await state.close();
      },
      { states: 60 },
    );
    expect(violations.map(({ error }) => String(error))).toEqual([]);
  }, 120_000);

  it('on the real disk too, step by step', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    // The states in between that a process leaves when it is killed: copies of the directory.
    const state = await openList(directory);
    await commitTo(state, 14);
    const copy = join(temporaryDirectory(), 'copy');
    cpSync(directory, copy, { recursive: true });
    await state.checkpoint();
    await commitTo(state, 15);
    const later = join(temporaryDirectory(), 'later');
    cpSync(directory, later, { recursive: true });
    await state.close();
    expect((await openList(copy)).value).toEqual(textsTo(14));
    expect((await openList(later)).value).toEqual(textsTo(15));
  });
});

describe('S5: damaged generations', () => {
  it('the older one and a longer replay give the same value, whatever bit is flipped', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    const newest = generationFiles(directory).at(-1) as string;
    const before = readFileSync(newest);
    // Some of the bits of the fields and of the body, some of the padding between.
    const bits: number[] = [];
    for (let bit = 0; bit < before.length * 8; bit += bit < 8 * 160 ? 197 : 8 * 701) bits.push(bit);
    bits.push(before.length * 8 - 1, 4096 * 8, (before.length - 40) * 8 + 3);
    for (const bit of bits) {
      flip(newest, bit);
      const state = await openList(directory);
      expect(state.value, `bit ${bit}`).toEqual(textsTo(12));
      expect(state.recovery.checkpoint?.coveredSeq).toBe(6);
      expect(state.recovery.rejected).toMatchObject([{ generation: 3, file: newest }]);
      expect(state.recovery.replayed).toBe(6);
      await state.close();
      writeFileSync(newest, before);
    }
  });

  it('the next save replaces what was damaged', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    flip(generationFiles(directory).at(-1) as string, 5000);
    const state = await openList(directory);
    expect(await state.checkpoint()).toEqual({ generation: 4 });
    await state.close();
    const again = await openList(directory);
    expect(again.recovery).toMatchObject({ rejected: [], checkpoint: { coveredSeq: 12 } });
  });

  it('all of them are a typed error, never a new state', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    for (const file of generationFiles(directory)) flip(file, 5000);
    const files = generationFiles(directory).map((file) => readFileSync(file));
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    expect(generationFiles(directory).map((file) => readFileSync(file))).toEqual(files);
  });

  it('the only one is a typed error, also where the journal holds everything', async () => {
    const directory = temporaryDirectory();
    const state = await openList(directory);
    await commitTo(state, 3);
    await state.checkpoint();
    await state.close();
    flip(generationFiles(directory)[0] as string, 5000);
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
  });

  it('that the system was left to write are replaced by the whole journal', async () => {
    const directory = temporaryDirectory();
    const unsynced = { checkpointDurability: 'os' } as const;
    const state = await openList(directory, unsynced);
    for (const last of [3, 6, 9]) {
      await commitTo(state, last);
      await state.checkpoint();
    }
    await state.close();
    for (const file of generationFiles(directory)) flip(file, 5000);
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    const again = await openList(directory, unsynced);
    expect(again.value).toEqual(textsTo(9));
    await again.close();
    rmSync(join(directory, 'journal'), { recursive: true });
    expect(await rejection(openList(directory, unsynced))).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
    });
  });
});

describe('a checkpoint and a journal that do not belong together are refused', () => {
  it('a journal that is gone', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    rmSync(join(directory, 'journal'), { recursive: true });
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    expect(existsSync(join(directory, 'journal', 'head.tide'))).toBe(false);
  });

  it('a journal that ends before the checkpoint', async () => {
    const directory = temporaryDirectory();
    const state = await openList(directory);
    await commitTo(state, 3);
    const old = join(temporaryDirectory(), 'old');
    cpSync(join(directory, 'journal'), old, { recursive: true });
    await commitTo(state, 6);
    await state.checkpoint();
    await state.close();
    rmSync(join(directory, 'journal'), { recursive: true });
    cpSync(old, join(directory, 'journal'), { recursive: true });
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
  });

  it('another history of the same journal, of the same length', async () => {
    const directory = temporaryDirectory();
    const state = await openList(directory);
    await commitTo(state, 3);
    const old = join(temporaryDirectory(), 'old');
    cpSync(join(directory, 'journal'), old, { recursive: true });
    await commitTo(state, 6);
    await state.checkpoint();
    await state.close();
    const other = await Journal.open<string>(old);
    for (let n = 0; n < 5; n++) await other.append('another history');
    await other.close();
    rmSync(join(directory, 'journal'), { recursive: true });
    cpSync(old, join(directory, 'journal'), { recursive: true });
    expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
  });

  it('another journal', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    const journal = await Journal.open<string>(join(directory, 'other'));
    await journal.appendBatch(textsTo(20).map(({ text }) => text));
    expect(await rejection(openList(directory, { journal }))).toMatchObject({
      code: 'ERR_TIDEMARK_MISMATCH',
    });
    await journal.close();
  });

  it('a journal that begins behind the checkpoint', async () => {
    const directory = temporaryDirectory();
    await withGenerations(directory);
    rmSync(checkpoints(directory), { recursive: true });
    expect(await rejection(openList(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      fromSeq: 1,
      toSeq: 6,
    });
  });
});

describe('records are released', () => {
  it('up to what the oldest generation that is kept covers, and not before there are enough', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
      const state = await openList('/s', { journal, keep: 3 });
      const firsts: number[] = [];
      for (const last of [2, 4, 6, 8, 10]) {
        await commitTo(state, last);
        await state.checkpoint();
        firsts.push(journal.firstSeq);
      }
      expect(firsts).toEqual([1, 1, 3, 5, 7]);
      await state.close();
      await journal.close();
    });
  });

  it('not at all where checkpoints are left to the system', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<string>('/j');
      const state = await openList('/s', { journal, keep: 1, checkpointDurability: 'os' });
      await commitTo(state, 5);
      const before = disk.calls().length;
      await state.checkpoint();
      const kinds = disk
        .calls()
        .slice(before)
        .filter(({ path }) => path.startsWith('/s'))
        .map(({ kind }) => kind);
      expect(kinds).toContain('rename');
      expect(kinds).not.toContain('sync');
      expect(kinds).not.toContain('syncDirectory');
      expect(journal.firstSeq).toBe(1);
      await state.close();
      await journal.close();
    });
  });
});

describe('a copy that was left behind', () => {
  it('begins anew at the newest checkpoint', async () => {
    const disk = new SimulatedDisk();
    await disk.run(async () => {
      const journal = await Journal.open<string>('/j');
      const ahead = await openList('/s', { journal, keep: 1 });
      const behind = await openList('/s', { journal, keep: 1 });
      await commitTo(ahead, 5);
      await ahead.checkpoint();
      await commitTo(ahead, 8);
      await expect.poll(() => behind.seq).toBe(8);
      expect(behind.value).toEqual(textsTo(8) as List);
      await Promise.all([ahead.close(), behind.close()]);
      await journal.close();
    });
  });
});
