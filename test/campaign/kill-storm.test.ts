// The kill storm in small, and its judges: they must see what they are there to see.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { runPart } from './claims';
import { judgeRecords, judgeRun, killStorm, lineOf } from './kill-storm.mjs';
import { inTemporary } from './support.mjs';

const seed = 7;

describe('kill -9, again and again on the same directory', () => {
  it('loses nothing acknowledged, keeps seqs contiguous and values right', async () => {
    const { claims, broken } = await runPart(killStorm, { kills: 20, seed: 20260102 });
    expect(broken).toEqual([]);
    expect(claims).toBe(3);
  }, 240_000);
});

describe('the judge of a killed run', () => {
  const sound = { base: 10, acknowledged: [11, 12, 13], handed: 8, lastSeq: 15 };

  it('accepts what was acknowledged and some of what was not', () => {
    expect(judgeRun(sound)).toEqual([]);
  });
  it('sees an acknowledged record that is missing', () => {
    expect(judgeRun({ ...sound, lastSeq: 12 })).toHaveLength(1);
  });
  it('sees a record that nobody handed over', () => {
    expect(judgeRun({ ...sound, lastSeq: 19 })).toHaveLength(1);
  });
  it('sees an acknowledgement that leaves a gap', () => {
    expect(judgeRun({ ...sound, acknowledged: [11, 13] })).toHaveLength(1);
  });
});

describe('the judge of the records', () => {
  const judge = (values: unknown[], from: number, lineAt: (seq: number) => string) =>
    inTemporary(tmpdir(), async (directory: string) => {
      const journal = await Journal.open(join(directory, 'journal'), { codec: 'json' });
      await journal.appendBatch(values);
      const problems = await judgeRecords(journal, from, lineAt);
      await journal.close();
      return problems;
    });
  const values = [1, 2, 3].map((k) => JSON.parse(lineOf(seed, 1, k)));

  it('accepts the lines that were fed', async () => {
    expect(await judge(values, 1, (seq) => lineOf(seed, 1, seq))).toEqual([]);
  });
  it('sees a wrong value', async () => {
    const swapped = (seq: number) => lineOf(seed, 1, seq === 2 ? 3 : seq);
    expect(await judge(values, 1, swapped)).toHaveLength(1);
  });
});
