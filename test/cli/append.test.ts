// tidemark append: what goes in, what is acknowledged, and how it ends.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { Journal } from 'tidemark';
import { beforeEach, describe, expect, it } from 'vitest';
import { append } from '#lib/cli/append';
import { Output } from '#lib/cli/output';
import { flipBit, journalLines, soundJournal, textOf } from './damage';
import { find, lines, records, seqs, shell, start, temporaryDirectory, tidemark } from './run';

let directory: string;
beforeEach(() => {
  directory = join(temporaryDirectory(), 'parent', 'journal');
});

async function values(path = directory): Promise<string[]> {
  const { code, stdout, stderr } = await tidemark(['cat', path, '--values']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines(stdout);
}

describe('lines of JSON', () => {
  it('are kept byte for byte, empty lines skipped, the last one without newline counted', async () => {
    const input = [
      '{"a": 1.0}',
      '12345678901234567890',
      '',
      '"\\u00e9 é"',
      '  ',
      '{"b":1,"b":2}',
      'null',
    ];
    const { code, stdout, stderr } = await tidemark(['append', directory], input.join('\n'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('appended 5 records (seqs 1–5)');
    expect(await values()).toEqual(input.filter((line) => line.trim() !== ''));
  });

  it('make a journal of the json codec, which the API opens', async () => {
    await tidemark(['append', directory, '--application', 'tests'], '{"n":1}\n[2]\n');
    const journal = await Journal.open(directory, { codec: 'json', application: 'tests' });
    expect(await journal.get(1)).toEqual({ seq: 1, value: { n: 1 } });
    expect(await journal.get(2)).toEqual({ seq: 2, value: [2] });
    await journal.close();
  });

  it.each([
    ['is not JSON', '{"n":\n'],
    ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a])],
  ])('that %s end it with 65 and the number; what is before stays', async (_, bad) => {
    const input = Buffer.concat([Buffer.from('1\n\n2\n'), Buffer.from(bad), Buffer.from('3\n')]);
    const { code, stdout, stderr } = await tidemark(['append', directory, '--ack'], input);
    expect({ code, stdout }).toEqual({ code: 65, stdout: '1\n2\n' });
    expect(stderr).toContain('Line 4 ');
    expect(await values()).toEqual(['1', '2']);
  });

  it('that are too long are refused with their number', async () => {
    const long = `"${'x'.repeat(17 * 2 ** 20)}"\n`;
    const { code, stdout, stderr } = await tidemark(
      ['append', directory, '--ack'],
      `1\n${long}2\n`,
    );
    expect({ code, stdout }).toEqual({ code: 65, stdout: '1\n' });
    expect(stderr).toContain('ERR_TIDEMARK_TOO_LARGE: Line 2 ');
    expect(await values()).toEqual(['1']);
  });

  it('go into a msgpack journal as values', async () => {
    const journal = await Journal.open(directory, { codec: 'msgpack' });
    await journal.append('before');
    await journal.close();
    expect((await tidemark(['append', directory], '{"n": 1.50}\n')).code).toBe(0);
    expect(await values()).toEqual(['"before"', '{"n":1.5}']);
  });
});

describe('other input', () => {
  it('is text with --text, whatever it is', async () => {
    const { code } = await tidemark(['append', directory, '--text'], 'a "b"\n\n{\nlast');
    expect(code).toBe(0);
    expect(await values()).toEqual(['"a \\"b\\""', '"{"', '"last"']);
  });

  it('is any bytes with --binary, empty records too', async () => {
    const frame = (bytes: Buffer): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const input = Buffer.concat([[0, 255, 10], [], [1]].map((bytes) => frame(Buffer.from(bytes))));
    expect((await tidemark(['append', directory, '--binary'], input)).code).toBe(0);
    expect(await values()).toEqual(['{"$base64":"AP8K"}', '{"$base64":""}', '{"$base64":"AQ=="}']);
    const cut = await tidemark(['append', directory, '--binary'], input.subarray(0, -1));
    expect(cut.code).toBe(65);
    expect(cut.stderr).toContain('Record 3 ');
    expect(await values()).toHaveLength(5);
  });

  it.each<[string[], string[]]>([
    [[], ['--binary']],
    [['--binary'], []],
    [[], ['--codec', 'msgpack']],
  ])('than the journal of %j holds is a mismatch: %j', async (made, args) => {
    await tidemark(['append', directory, ...made], made.length === 0 ? '1\n' : '\x01\0\0\0x');
    const before = await values();
    const { code, stdout, stderr } = await tidemark(['append', directory, ...args, '--ack'], '2\n');
    expect({ code, stdout }).toEqual({ code: 65, stdout: '' });
    expect(stderr).toContain('ERR_TIDEMARK_MISMATCH');
    expect(await values()).toEqual(before);
  });
});

describe('acknowledgements', () => {
  it('are every seq as a bare number a line, in order, across runs', async () => {
    const first = await tidemark(['append', directory, '--ack'], journalLines(1, 3000));
    expect(lines(first.stdout).map(Number)).toEqual(seqs(1, 3000));
    const second = await tidemark(['append', directory, '--ack'], 'true\n');
    expect(second.stdout).toBe('3001\n');
  });

  it('come into a pipe while the input stays open', async () => {
    const running = start('append', directory, '--ack');
    for (const seq of seqs(1, 5)) {
      running.child.stdin.write(`${seq}\n`);
      await running.until(({ stdout }) => stdout.endsWith(`${seq}\n`));
    }
    running.child.stdin.end();
    expect(await running.ended).toMatchObject({ code: 0, stdout: '1\n2\n3\n4\n5\n' });
  });

  it('come while input that never pauses goes on', async () => {
    const most = 400_000;
    let read = 0;
    let acknowledged = 0;
    let readAtFirst = 0;
    // There is always more at once: whoever only reads on never lets go of the event loop.
    const input = new Readable({
      read() {
        if (acknowledged > 0 || read >= most) this.push(null);
        else this.push('1\n'.repeat(100));
        read += 100;
      },
    });
    const out = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (acknowledged === 0) readAtFirst = read;
        acknowledged += lines(chunk.toString()).length;
        done();
      },
    });
    const err = new Writable({ write: (_chunk, _encoding, done) => done() });
    const io = { out: new Output(out), err };
    expect(await append(io, input, directory, { ack: true, direct: 'auto' })).toBe(0);
    await io.out.flush();
    expect(readAtFirst).toBeGreaterThan(0);
    expect(readAtFirst).toBeLessThan(most);
    expect(acknowledged).toBe((await values()).length);
  });

  it('come for everything that was sent before the input ends', async () => {
    const running = start('append', directory, '--ack');
    const count = 300_000;
    running.child.stdin.write(
      seqs(1, count)
        .map((seq) => `${seq}\n`)
        .join(''),
    );
    await running.until(({ stdout }) => stdout.endsWith(`\n${count}\n`));
    running.child.stdin.end();
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    // As one string: comparing an array of this size takes seconds.
    expect(
      stdout ===
        seqs(1, count)
          .map((seq) => `${seq}\n`)
          .join(''),
    ).toBe(true);
  });

  it.each(['os', '20'])('come with --durability %s too', async (durability) => {
    const args = ['append', directory, '--ack', '--durability', durability];
    expect((await tidemark(args, '1\n2\n')).stdout).toBe('1\n2\n');
    expect(await values()).toEqual(['1', '2']);
  });

  it('are true after SIGKILL in the middle of the work', async () => {
    const running = start('append', directory, '--ack', '--segment-bytes', '65536');
    const feed = (from: number): void => {
      if (from > 200_000) return;
      running.child.stdin.write(journalLines(from, from + 499), () => feed(from + 500));
    };
    feed(1);
    await running.until(({ stdout }) => stdout.length > 20_000);
    running.child.kill('SIGKILL');
    const { stdout } = await running.ended;
    const acknowledged = lines(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).map(Number);
    expect(acknowledged).toEqual(seqs(1, acknowledged.length));
    const held = records((await tidemark(['cat', directory])).stdout);
    expect(held.length).toBeGreaterThanOrEqual(acknowledged.length);
    expect(held.map(({ seq }) => seq)).toEqual(seqs(1, held.length));
    expect(held.every(({ seq, value }) => (value as { text: string }).text === textOf(seq))).toBe(
      true,
    );
  });

  it('that nobody reads any more end it quietly; what was read stays', async () => {
    const { code, stdout, stderr } = await shell(
      `(echo 1; yes '"y"' | head -n 100000) | (tidemark append '${directory}' --ack; echo "code $?" >&2) | head -n 1`,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
    expect(stderr).not.toContain('EPIPE');
    expect((await values())[0]).toBe('1');
  });
});

describe('a signal', () => {
  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('%s commits what was read and ends with %d', async (signal, code) => {
    const running = start('append', directory, '--ack');
    running.child.stdin.write('1\n2\n"half a li');
    await running.until(({ stdout }) => stdout.endsWith('2\n'));
    running.child.kill(signal);
    expect(await running.ended).toMatchObject({ code, signal: null, stdout: '1\n2\n' });
    expect(await values()).toEqual(['1', '2']);
    expect((await tidemark(['verify', directory])).code).toBe(0);
  });
});

describe('a new journal', () => {
  it.each([
    ['a bad line', ['--ack'], 'not json\n1\n', 65],
    ['empty lines and a bad one', ['--ack'], '\n\n{\n', 65],
    ['text that is not UTF-8', ['--text'], Buffer.from([0xff, 0x0a]), 65],
    ['a cut-off record', ['--binary'], Buffer.from([3, 0, 0, 0, 1]), 65],
  ])('is not made by input that begins with %s', async (_, args, input, expected) => {
    const { code, stdout } = await tidemark(['append', directory, ...args], input);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(existsSync(directory)).toBe(false);
  });

  it('is made by empty input', async () => {
    const { code, stderr } = await tidemark(['append', directory], '\n');
    expect(code, stderr).toBe(0);
    expect((await tidemark(['verify', directory])).code).toBe(0);
  });

  it('is not waited for: one that is there refuses before the input says anything', async () => {
    await tidemark(['append', directory], '1\n');
    const refused = start('append', directory, '--codec', 'msgpack');
    expect((await refused.ended).code).toBe(65);
  });
});

describe('a journal that takes nothing', () => {
  it('since another process holds it is exit code 75 and names the holder', async () => {
    const holder = start('append', directory, '--ack');
    holder.child.stdin.write('1\n');
    await holder.until(({ stdout }) => stdout === '1\n');
    const { code, stdout, stderr } = await tidemark(['append', directory, '--ack'], '2\n');
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
    expect(stderr).toContain('ERR_TIDEMARK_LOCKED');
    expect(stderr).toContain(String(holder.child.pid));
    holder.child.stdin.end();
    expect((await holder.ended).code).toBe(0);
  });

  it('since it is damaged is exit code 2', async () => {
    const damaged = await soundJournal(3);
    flipBit(find(damaged, textOf(2)));
    const { code, stderr } = await tidemark(['append', damaged], '1\n');
    expect(code).toBe(2);
    expect(stderr).toContain('ERR_TIDEMARK_CORRUPT');
  });

  const canMount = process.platform === 'linux' && process.getuid?.() === 0;
  it.skipIf(!canMount)(
    'since the disk is full is exit code 73, and what was acknowledged stays (needs root)',
    async () => {
      const mount = temporaryDirectory();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mount]);
      try {
        const path = join(mount, 'journal');
        const { code, stdout, stderr } = await tidemark(
          ['append', path, '--ack', '--segment-bytes', '65536'],
          journalLines(1, 60_000),
        );
        expect(code, stderr).toBe(73);
        expect(stderr).toContain('ERR_TIDEMARK_NO_SPACE');
        const acknowledged = lines(stdout).map(Number);
        expect(acknowledged).toEqual(seqs(1, acknowledged.length));
        const cat = await tidemark(['cat', path]);
        expect(records(cat.stdout).length).toBeGreaterThanOrEqual(acknowledged.length);
      } finally {
        execFileSync('umount', ['-l', mount]);
      }
    },
  );

  it('since its directory is a file is an error that is told in a sentence', async () => {
    const parent = temporaryDirectory();
    mkdirSync(join(parent, 'x'));
    const { code, stderr } = await tidemark(
      ['append', join(import.meta.filename, 'journal')],
      '1\n',
    );
    expect(code).not.toBe(0);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(existsSync(import.meta.filename)).toBe(true);
  });
});
