// salvage, snapshot, truncate and cursors: the API from the shell.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { damagedJournal, soundJournal } from './damage';
import { records, seqs, start, temporaryDirectory, tidemark } from './run';

async function held(directory: string): Promise<number[]> {
  const { code, stdout, stderr } = await tidemark(['cat', directory]);
  expect(code, stderr).toBe(0);
  return records(stdout).map(({ seq }) => seq);
}

describe('salvage', () => {
  it('copies every readable record with its seq and names what is lost', async () => {
    const directory = await damagedJournal(2000, 100);
    const out = join(temporaryDirectory(), 'out');
    const { code, stdout, stderr } = await tidemark(['salvage', directory, out, '--json']);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as { records: number; lost: object[] };
    expect(report.records).toBe(1999);
    expect(report.lost).toEqual([{ fromSeq: 100, toSeq: 100 }]);
    expect(await held(out)).toEqual(seqs(1, 2000).filter((seq) => seq !== 100));
    expect((await tidemark(['append', out, '--ack'], 'true\n')).stdout).toBe('2001\n');
    expect((await tidemark(['verify', directory])).code).toBe(2);
  });

  it('does not write into a directory that holds something', async () => {
    const directory = await soundJournal(3);
    const out = join(temporaryDirectory(), 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'mine'), '');
    for (const command of ['salvage', 'snapshot']) {
      const { code, stderr } = await tidemark([command, directory, out]);
      expect(code).toBe(73);
      expect(stderr).toContain('ERR_TIDEMARK_EXISTS');
    }
  });

  it('of what is not there is exit code 3', async () => {
    const missing = join(temporaryDirectory(), 'none');
    const out = join(temporaryDirectory(), 'out');
    expect((await tidemark(['salvage', missing, out])).code).toBe(3);
    expect((await tidemark(['snapshot', missing, out])).code).toBe(3);
  });
});

describe('snapshot', () => {
  it('copies a journal while another process writes to it', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const writer = start('append', directory, '--ack');
    writer.child.stdin.write('1\n2\n3\n');
    await writer.until(({ stdout }) => stdout === '1\n2\n3\n');
    // Beside a writer, what its idle mark covers is shown: a follower waits for just that.
    const reader = start('cat', directory, '--follow', '--limit', '3');
    expect((await reader.ended).code).toBe(0);
    const out = join(temporaryDirectory(), 'out');
    const { code, stderr } = await tidemark(['snapshot', directory, out]);
    expect(code, stderr).toBe(0);
    expect(await held(out)).toEqual([1, 2, 3]);
    expect((await tidemark(['verify', out])).code).toBe(0);
    writer.child.stdin.end();
    expect((await writer.ended).code).toBe(0);
  });
});

describe('truncate', () => {
  it('gives up what is before the seq', async () => {
    const directory = await soundJournal(2000);
    const { code, stdout } = await tidemark(['truncate', directory, '--before', '1500', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ firstSeq: 1500, heldBy: [] });
    expect((await held(directory))[0]).toBe(1500);
  });

  it('stops at a cursor and names it', async () => {
    const directory = await soundJournal(10);
    const journal = await Journal.open(directory);
    const cursor = await journal.cursor('slow reader');
    await cursor.advance(0, 4);
    await journal.close();
    const { code, stderr } = await tidemark(['truncate', directory, '--before', '9']);
    expect(code).toBe(0);
    expect(stderr).toContain('Held back by the cursor "slow reader", which has processed seq 4');
    expect(stderr).toContain('begins at seq 5, not at 9 as asked');
  });

  it('behind the end is wrong usage; of what is not there, exit code 3 and nothing is made', async () => {
    const directory = await soundJournal(3);
    const behind = await tidemark(['truncate', directory, '--before', '5']);
    expect(behind.code).toBe(64);
    expect(behind.stderr).toContain('--before 5: the highest value is 4');
    expect((await tidemark(['truncate', directory, '--before', '4'])).code).toBe(0);
    const missing = join(temporaryDirectory(), 'none');
    expect((await tidemark(['truncate', missing, '--before', '5'])).code).toBe(3);
    expect((await tidemark(['cat', missing])).code).toBe(3);
  });
});

describe('cursors', () => {
  it('are listed with what they have not read', async () => {
    const directory = await soundJournal(10);
    expect((await tidemark(['cursors', directory])).stdout).toBe('');
    const journal = await Journal.open(directory);
    await (await journal.cursor('fast')).advance(0, 9);
    await journal.cursor('new');
    await journal.close();
    const { stdout } = await tidemark(['cursors', directory]);
    expect(stdout).toBe('cursor  seq  lag\nfast      9    1\nnew       0   10\n');
    expect(JSON.parse((await tidemark(['cursors', directory, '--json'])).stdout)).toEqual([
      { name: 'fast', seq: 9, lag: 1 },
      { name: 'new', seq: 0, lag: 10 },
    ]);
  });
});

describe('a command that writes', () => {
  it('beside a writer names it and says what can be done', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const writer = start('append', directory, '--ack');
    writer.child.stdin.write('1\n');
    await writer.until(({ stdout }) => stdout === '1\n');
    const { code, stderr } = await tidemark(['truncate', directory, '--before', '1']);
    expect(code).toBe(75);
    expect(stderr).toContain(`ERR_TIDEMARK_LOCKED: process ${writer.child.pid} on `);
    expect(stderr).toContain('"tidemark cat"');
    expect(stderr).not.toContain('readOnly');
    writer.child.stdin.end();
    expect((await writer.ended).code).toBe(0);
  });
});
