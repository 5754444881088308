// Standard input into records, whatever the chunks are.
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksUntil, FrameSplitter, LineSplitter, type Splitter } from '#lib/cli/input';

const limit = 64;

/** The records, when the input comes in pieces of these sizes. */
function split(splitter: Splitter, input: Buffer, sizes: readonly number[]): [number, string][] {
  const items: [number, string][] = [];
  const keep = (from: ReturnType<Splitter['end']>): void => {
    for (const { number, bytes } of from) items.push([number, bytes.toString('latin1')]);
  };
  let at = 0;
  for (const size of sizes) {
    keep(splitter.push(input.subarray(at, at + size)));
    at += size;
  }
  keep(splitter.push(input.subarray(at)));
  keep(splitter.end());
  return items;
}

const chunkSizes = fc.array(fc.nat(9), { maxLength: 20 });

describe('lines', () => {
  it('are the same however the input is cut into chunks', () => {
    const line = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), chunkSizes, (lines, sizes) => {
        const input = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const expected = lines.map((text, index) => [
          index + 1,
          Buffer.from(text).toString('latin1'),
        ]);
        expect(split(new LineSplitter(limit), input, sizes)).toEqual(expected);
      }),
    );
  });

  it('count when the last one has no newline', () => {
    expect(split(new LineSplitter(limit), Buffer.from('a\n\nb'), [])).toEqual([
      [1, 'a'],
      [2, ''],
      [3, 'b'],
    ]);
  });

  it('that are too long are refused with their number before they are held', () => {
    const splitter = new LineSplitter(limit);
    const chunk = Buffer.from(`short\n${'x'.repeat(limit + 1)}`);
    expect(() => split(splitter, chunk, [])).toThrow(
      expect.objectContaining({
        code: 'ERR_TIDEMARK_TOO_LARGE',
        message: expect.stringContaining('Line 2 '),
      }),
    );
    expect(() => split(new LineSplitter(limit), Buffer.from('y'.repeat(limit)), [])).not.toThrow();
  });
});

describe('binary records', () => {
  const encode = (records: readonly Buffer[]): Buffer =>
    Buffer.concat(
      records.flatMap((record) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(record.length);
        return [length, record];
      }),
    );

  it('are the same however the input is cut into chunks, empty ones too', () => {
    const record = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(record), chunkSizes, (records, sizes) => {
        const expected = records.map((bytes, index) => [index + 1, bytes.toString('latin1')]);
        expect(split(new FrameSplitter(limit), encode(records), sizes)).toEqual(expected);
      }),
    );
  });

  it('that are cut off at any byte are bad data, and those before are kept', () => {
    const whole = encode([Buffer.from('first'), Buffer.from('second')]);
    for (let size = 10; size < whole.length; size += 1) {
      const splitter = new FrameSplitter(limit);
      expect([...splitter.push(whole.subarray(0, size))].map(({ number }) => number)).toEqual([1]);
      expect(() => [...splitter.end()], `cut to ${size} bytes`).toThrow(
        expect.objectContaining({ exitCode: 65, message: expect.stringContaining('Record 2 ') }),
      );
    }
  });

  it('that say that they are too long are refused before they are held', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(limit + 1);
    expect(() => split(new FrameSplitter(limit), header, [])).toThrow(
      expect.objectContaining({ code: 'ERR_TIDEMARK_TOO_LARGE' }),
    );
  });
});

describe('chunks of a stream', () => {
  it('all come, and end with the stream', async () => {
    const stream = new PassThrough();
    stream.write('one');
    setImmediate(() => stream.end('two'));
    const chunks: string[] = [];
    for await (const chunk of chunksUntil(stream, new AbortController().signal)) {
      chunks.push(chunk.toString());
    }
    expect(chunks.join('')).toBe('onetwo');
  });

  it('that were read before the stop still come, and no more', async () => {
    const stream = new PassThrough();
    const stop = new AbortController();
    stream.write('read');
    const chunks: string[] = [];
    for await (const chunk of chunksUntil(stream, stop.signal)) {
      chunks.push(chunk.toString());
      stream.write('buffered');
      stop.abort();
    }
    expect(chunks).toEqual(['read', 'buffered']);
  });

  it('end at a stop while the stream is silent', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    for await (const _ of chunksUntil(new PassThrough(), stop.signal)) expect.unreachable();
    expect(stop.signal.aborted).toBe(true);
  });

  it('fail with the error of the stream', async () => {
    const stream = new PassThrough();
    setImmediate(() => stream.destroy(new Error('broken pipe of the test')));
    const read = async (): Promise<void> => {
      for await (const _ of chunksUntil(stream, new AbortController().signal));
    };
    await expect(read()).rejects.toThrow('broken pipe of the test');
  });
});
