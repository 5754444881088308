// Values, numbers, tables and errors as text.
import { TidemarkError } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { parseSize } from '#lib/cli/command';
import { describe as describeError, exitCodeOf, exitCodeOfReading, isMissing } from '#lib/cli/exit';
import * as format from '#lib/cli/format';
import { chart, doublings, summarise, textBar } from '#lib/cli/histogram';
import { table } from '#lib/cli/table';
import { toJson } from '#lib/cli/values';

describe('a value as JSON', () => {
  it.each<[unknown, string]>([
    [Buffer.from([0, 255]), '{"$base64":"AP8="}'],
    [new Uint8Array([1]), '{"$base64":"AQ=="}'],
    [new Uint8Array([1]).buffer, '{"$base64":"AQ=="}'],
    [2n ** 64n, '{"$bigint":"18446744073709551616"}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Date(Number.NaN), 'null'],
    [Number.NaN, '{"$number":"NaN"}'],
    [Number.NEGATIVE_INFINITY, '{"$number":"-Infinity"}'],
    [new Map<unknown, unknown>([[1, 2n]]), '{"$map":[[1,{"$bigint":"2"}]]}'],
    [new Set(['a']), '{"$set":["a"]}'],
    [undefined, 'null'],
    [[undefined, { a: undefined }], '[null,{}]'],
    ['\ud800 \u{1f30a}', '"\\ud800 🌊"'],
    [{ deep: [{ bytes: Buffer.from('x') }] }, '{"deep":[{"bytes":{"$base64":"eA=="}}]}'],
  ])('%o', (value, text) => {
    expect(toJson(value)).toBe(text);
  });
});

describe('errors', () => {
  it.each<[string, number]>([
    ['ERR_TIDEMARK_POISONED', 74],
    ['ERR_TIDEMARK_IO', 74],
    ['ERR_TIDEMARK_NO_SPACE', 73],
    ['ERR_TIDEMARK_CORRUPT', 2],
    ['ERR_TIDEMARK_TOO_LARGE', 65],
  ])('%s ends with exit code %d', (code, exitCode) => {
    const error = new TidemarkError(code as TidemarkError['code'], 'What. Do this.');
    expect(exitCodeOf(error)).toBe(exitCode);
    expect(describeError(error)).toBe(`${code}: What. Do this.`);
  });

  it('of a lock name the holder and what can be done in a shell', () => {
    const since = new Date(0);
    const holder = { pid: 17, host: 'here', since, startTime: '', bootId: '' };
    const error = new TidemarkError('ERR_TIDEMARK_LOCKED', 'Open with readOnly.', {
      path: '/log',
      holder,
    });
    expect(exitCodeOf(error)).toBe(75);
    expect(describeError(error)).toMatch(
      /^ERR_TIDEMARK_LOCKED: process 17 on here, since 1970-\S+, has \/log open for writing: end /,
    );
    const unknown = new TidemarkError('ERR_TIDEMARK_LOCKED', 'Open with readOnly.');
    expect(describeError(unknown)).toMatch(
      /: another process has the journal open for writing: end /,
    );
  });

  it('that prevent reading are one exit code', () => {
    const cause = Object.assign(new Error('no'), { code: 'ENOENT' });
    const error = new TidemarkError('ERR_TIDEMARK_IO', 'x', { cause });
    expect(isMissing(error)).toBe(true);
    expect(exitCodeOfReading(error)).toBe(3);
    expect(exitCodeOfReading(new TidemarkError('ERR_TIDEMARK_CORRUPT', 'x'))).toBe(2);
    expect(exitCodeOfReading(new TidemarkError('ERR_TIDEMARK_VERSION', 'x'))).toBe(3);
  });

  it('of arguments are wrong usage', () => {
    const error = Object.assign(new RangeError('too large'), { code: 'ERR_OUT_OF_RANGE' });
    expect(exitCodeOf(error)).toBe(64);
  });
});

describe('numbers', () => {
  it('have units', () => {
    expect(format.bytes(1023)).toBe('1023 B');
    expect(format.bytes(1536)).toBe('1.50 KiB');
    expect(format.nanoseconds(999)).toBe('999 ns');
    expect(format.nanoseconds(123_456)).toBe('123 µs');
    expect(format.plural(1, 'record')).toBe('1 record');
    expect(format.plural(1234, 'record')).toBe('1,234 records');
  });

  it('of sizes are read with and without units', () => {
    expect(parseSize('65536')).toBe(65536);
    expect(parseSize('64K')).toBe(65536);
    expect(parseSize('1MiB')).toBe(1048576);
    expect(() => parseSize('-1')).toThrow();
    expect(() => parseSize('many')).toThrow();
  });
});

describe('a latency histogram', () => {
  const samples = Float64Array.from([1500, 1000, 4000, 1000]);

  it('has quantiles', () => {
    expect(summarise(Float64Array.from(samples))).toEqual({
      count: 4,
      min: 1000,
      mean: 1875,
      p50: 1000,
      p90: 4000,
      p99: 4000,
      p999: 4000,
      max: 4000,
    });
    expect(summarise(new Float64Array())).toBeUndefined();
  });

  it('counts every sample in the doubling that holds it', () => {
    const buckets = doublings(samples);
    expect(buckets.map(({ from, count }) => [from, count])).toEqual([
      [512, 2],
      [1024, 1],
      [2048, 1],
    ]);
    for (const sample of samples) {
      expect(buckets.filter(({ from, to }) => sample >= from && sample < to)).toHaveLength(1);
    }
  });

  it('is drawn to scale', () => {
    expect(textBar(1, 2, 8)).toBe('████');
    expect(textBar(3, 8, 1)).toBe('▍');
    expect(textBar(0, 8, 1)).toBe('');
    expect(chart(samples).split('\n')).toHaveLength(3);
  });
});

describe('a table', () => {
  it('is aligned, without blanks at the ends of lines', () => {
    const text = table(
      [{ title: 'name' }, { title: 'n', align: 'right' }, { title: '' }],
      [
        ['µs', '10', 'x'],
        ['longer', '5', ''],
      ],
    );
    expect(text).toBe('name     n\nµs      10  x\nlonger   5\n');
  });
});
