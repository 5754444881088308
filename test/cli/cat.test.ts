// tidemark cat: the records, all and some, sound and damaged, at rest and live.
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { damagedJournal, flipBit, journalLines, soundJournal, textOf, tornJournal } from './damage';
import { find, lines, records, seqs, shell, start, temporaryDirectory, tidemark } from './run';

async function printed(directory: string, ...args: string[]): Promise<number[]> {
  const { code, stdout, stderr } = await tidemark(['cat', directory, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return records(stdout).map(({ seq }) => seq);
}

describe('the records', () => {
  it('are printed as JSON, one a line, with what JSON has no form for', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const journal = await Journal.open(directory);
    await journal.appendBatch([
      { bytes: Buffer.from('hi'), at: new Date(0) },
      2n ** 70n,
      'line\nbreak',
      null,
    ]);
    await journal.close();
    const { stdout } = await tidemark(['cat', directory]);
    expect(lines(stdout)).toEqual([
      '{"seq":1,"value":{"bytes":{"$base64":"aGk="},"at":"1970-01-01T00:00:00.000Z"}}',
      '{"seq":2,"value":{"$bigint":"1180591620717411303424"}}',
      '{"seq":3,"value":"line\\nbreak"}',
      '{"seq":4,"value":null}',
    ]);
  });

  it('of a codec that only its user has are printed as their bytes', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const codec = {
      name: 'mine',
      version: 3,
      encode: (value: string) => Buffer.from(`<${value}>`),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString().slice(1, -1),
    };
    const journal = await Journal.open<string>(directory, { codec });
    await journal.append('x');
    await journal.close();
    const { stdout } = await tidemark(['cat', directory, '--values']);
    expect(stdout).toBe(`{"$base64":"${Buffer.from('<x>').toString('base64')}"}\n`);
    expect((await tidemark(['truncate', directory, '--before', '2'])).code).toBe(0);
  });

  it('can be chosen', async () => {
    const directory = await soundJournal(2000);
    expect(await printed(directory)).toEqual(seqs(1, 2000));
    expect(await printed(directory, '--from', '1990')).toEqual(seqs(1990, 2000));
    expect(await printed(directory, '--to', '3')).toEqual([1, 2, 3]);
    expect(await printed(directory, '--from', '1000', '--to', '1001')).toEqual([1000, 1001]);
    expect(await printed(directory, '--last', '2')).toEqual([1999, 2000]);
    expect(await printed(directory, '--last', '1500')).toEqual(seqs(501, 2000));
    expect(await printed(directory, '--last', '3', '--limit', '1')).toEqual([1998]);
    expect(await printed(directory, '--last', '0')).toEqual([]);
    expect(await printed(directory, '--limit', '0')).toEqual([]);
    expect(await printed(directory, '--limit', '4')).toEqual([1, 2, 3, 4]);
    expect(await printed(directory, '--reverse')).toEqual(seqs(1, 2000).reverse());
    expect(await printed(directory, '--reverse', '--limit', '2')).toEqual([2000, 1999]);
    expect(await printed(directory, '--reverse', '--last', '2')).toEqual([2000, 1999]);
    expect(await printed(directory, '--reverse', '--from', '5', '--to', '6')).toEqual([6, 5]);
    expect(await printed(directory, '--from', '2001')).toEqual([]);
    expect(await printed(directory, '--to', '99999')).toHaveLength(2000);
  });

  it('are printed from the first one that is left after a truncation', async () => {
    const directory = await soundJournal(2000);
    expect((await tidemark(['truncate', directory, '--before', '1500'])).code).toBe(0);
    expect(await printed(directory)).toEqual(seqs(1500, 2000));
    const { code, stdout, stderr } = await tidemark(['cat', directory, '--from', '1499']);
    expect({ code, first: records(stdout)[0]?.seq }).toEqual({ code: 0, first: 1500 });
    expect(stderr).toContain('--from 1499: the journal begins at seq 1500.');
    const below = await tidemark(['cat', directory, '--to', '9']);
    expect(below).toMatchObject({ code: 0, stdout: '' });
    expect(below.stderr).toContain('--to 9: the journal begins at seq 1500.');
  });

  it('end quietly when nobody reads on', async () => {
    const directory = await soundJournal(2000);
    const { stdout, stderr } = await shell(
      `(tidemark cat '${directory}'; echo "code $?" >&2) | head -n 1`,
    );
    expect(records(stdout).map(({ seq }) => seq)).toEqual([1]);
    expect(stderr).toBe('code 0\n');
  });
});

describe('a directory without a journal', () => {
  it.each([
    ['that is missing', () => join(temporaryDirectory(), 'none')],
    ['that is empty', () => temporaryDirectory()],
  ])('%s is exit code 3, and nothing is made', async (_, make) => {
    const directory = make();
    const { code, stdout, stderr } = await tidemark(['cat', directory]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).not.toMatch(/\n {4}at /);
    expect((await tidemark(['cat', directory])).code).toBe(3);
  });
});

describe('a torn tail', () => {
  it('is a note on standard error and exit code 0', async () => {
    const directory = await tornJournal(5);
    const { code, stdout, stderr } = await tidemark(['cat', directory]);
    expect(code).toBe(0);
    expect(records(stdout).map(({ seq }) => seq)).toEqual(seqs(1, 5));
    expect(stderr).toContain('The tail is torn');
    expect(stderr).toContain('bytes at offset');
  });
});

describe('damage', () => {
  it.each([
    ['in a sealed segment', 2000, 100],
    ['in the last segment', 2000, 1999],
    ['in the only segment', 10, 7],
    ['in the first record', 10, 1],
  ])('%s: what is before it, then exit code 2', async (_, count, seq) => {
    const directory = await damagedJournal(count, seq);
    const { code, stdout, stderr } = await tidemark(['cat', directory]);
    expect(code).toBe(2);
    expect(records(stdout).map((record) => record.seq)).toEqual(seqs(1, seq - 1));
    expect(stderr).toContain('ERR_TIDEMARK_CORRUPT');
  });

  it('read backwards: what is behind it, then exit code 2', async () => {
    const directory = await damagedJournal(2000, 100);
    const { code, stdout } = await tidemark(['cat', directory, '--reverse']);
    expect(code).toBe(2);
    expect(records(stdout).map((record) => record.seq)).toEqual(seqs(101, 2000).reverse());
  });

  it('that is not met does not matter', async () => {
    const directory = await damagedJournal(2000, 100);
    expect(await printed(directory, '--last', '5')).toEqual(seqs(1996, 2000));
    expect(await printed(directory, '--to', '99')).toEqual(seqs(1, 99));
  });

  it('of two records stops at the first', async () => {
    const directory = await damagedJournal(2000, 1990);
    flipBit(find(directory, textOf(1995)));
    const { code, stdout } = await tidemark(['cat', directory]);
    expect(code).toBe(2);
    expect(records(stdout)).toHaveLength(1989);
  });
});

describe('following', () => {
  it.skipIf(process.platform === 'win32')(
    'ends when nobody reads on, also when no record comes any more',
    async () => {
      const directory = await soundJournal(3);
      const { stdout, stderr } = await shell(
        `(tidemark cat '${directory}' --follow; echo "code $?" >&2) | head -n 3`,
      );
      expect(records(stdout).map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(stderr).toBe('code 0\n');
    },
  );

  it('prints history, then records as they become durable, until a signal', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const writer = start('append', directory, '--ack');
    writer.child.stdin.write(journalLines(1, 3));
    await writer.until(({ stdout }) => stdout.endsWith('3\n'));
    const reader = start('cat', directory, '--follow');
    await reader.until(({ stdout }) => lines(stdout).length === 3);
    writer.child.stdin.write(journalLines(4, 1000));
    await reader.until(({ stdout }) => lines(stdout).length === 1000);
    reader.child.kill('SIGINT');
    const { code, stdout } = await reader.ended;
    expect(code).toBe(130);
    expect(records(stdout).map(({ seq }) => seq)).toEqual(seqs(1, 1000));
    writer.child.stdin.end();
    expect((await writer.ended).code).toBe(0);
  });

  it('ends at its limit', async () => {
    const directory = await soundJournal(3);
    const reader = start('cat', directory, '--follow', '--last', '1', '--limit', '2');
    await reader.until(({ stdout }) => lines(stdout).length === 1);
    await tidemark(['append', directory], journalLines(4, 5));
    const { code, stdout } = await reader.ended;
    expect(code).toBe(0);
    expect(records(stdout).map(({ seq }) => seq)).toEqual([3, 4]);
  });
});
