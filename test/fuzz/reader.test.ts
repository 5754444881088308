// The independent reader against the bytes that are frozen in test/golden and drawn in the page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extend } from './reader/bytes.ts';
import { type Place, readHeader } from './reader/frame.ts';
import { readSegmentHeader } from './reader/header.ts';
import { readJournal } from './reader/journal.ts';
import { readCursor, readHead } from './reader/marks.ts';
import { fileName } from './reader/names.ts';

const root = join(import.meta.dirname, '..', '..');

/** The bytes of a dump: an offset and up to 16 bytes a line; lines of zeros are left out. */
function bytesOfDump(text: string): Uint8Array {
  const lines = text.trim().split('\n');
  const end = Number.parseInt(lines.at(-1) ?? '', 16);
  const bytes = new Uint8Array(end);
  for (const line of lines) {
    const [at = '', ...values] = line.trim().split(/\s+/);
    const row = values.map((value) => Number.parseInt(value, 16));
    bytes.set(row, Number.parseInt(at, 16));
  }
  return bytes;
}

const golden = (name: string) =>
  bytesOfDump(readFileSync(join(root, 'test', 'golden', `${name}.hex`), 'utf8'));

function goldenPlace(): Place {
  const file = golden('segment');
  const reading = readSegmentHeader(file);
  if (reading.state !== 'sound') throw new Error(`the golden header is ${reading.state}`);
  return { file, header: reading.header };
}

describe('the reader that is written from docs/format.md', () => {
  it('computes the checksum of the page', () => {
    expect(extend(0, new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(goldenPlace().header.seed).toBe(0xc8a85a4c);
  });

  it('reads the golden segment to its seal', () => {
    const files = new Map([
      ['segment-0000000000000003.tide', golden('segment')],
      ['head', golden('head')],
      ['cursor-replica%2fb.mark', golden('cursor')],
    ]);
    const { records, problems, segments } = readJournal(files);
    expect(problems).toEqual([{ what: 'missing', segment: 9n, offset: 0 }]);
    expect(segments[0]?.walk.frames.map(({ type }) => type)).toEqual([1, 1, 1, 2, 4, 1, 2, 3]);
    expect(segments[0]?.walk.entries.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1000n, 0],
      [1001n, 1],
      [1001n, 0],
      [1002n, 0],
      [1003n, 0],
      [1011n, 0],
    ]);
    // The head released what is in front of 1002.
    expect(records.map(({ seq, bytes }) => [seq, new TextDecoder().decode(bytes)])).toEqual([
      [1002n, ''],
      [1003n, 'hashed'],
      [1011n, 'behind the gap'],
    ]);
  });

  it('reads the golden marks', () => {
    expect(readHead(golden('head'))).toMatchObject({
      state: 'sound',
      mark: { segmentId: 3n, firstSeq: 1002n },
    });
    expect(readCursor(golden('cursor'))).toMatchObject({
      state: 'sound',
      mark: { name: 'replica/b', seq: 1003n },
    });
  });

  it('reads the frames of the example on the page', () => {
    const page = readFileSync(join(root, 'docs', 'format.md'), 'utf8');
    const dumps = [...page.matchAll(/```hex\n(.*?)```/gs)].map(([, dump]) => dump ?? '');
    expect(dumps).toHaveLength(3);
    const { file } = goldenPlace();
    for (const dump of dumps) {
      for (const line of dump.trim().split('\n')) {
        const [at = '', ...values] = line.split(/\s+/);
        const offset = Number.parseInt(at, 16);
        const row = values.map((value) => Number.parseInt(value, 16));
        expect([...file.subarray(offset, offset + row.length)]).toEqual(row);
      }
    }
  });

  it('takes no header at a place that is not its own', () => {
    const place = goldenPlace();
    expect(readHeader(place, 8192).state).toBe('sound');
    const moved = place.file.slice();
    moved.copyWithin(16384, 8192, 8256);
    expect(readHeader({ ...place, file: moved }, 16384).state).toBe('damaged');
    const other = { ...place.header, seed: place.header.seed ^ 1 };
    expect(readHeader({ ...place, header: other }, 8192).state).toBe('damaged');
  });

  it('knows a name only in its one spelling', () => {
    expect(fileName('segment-00000000000000ff.tide')).toEqual({ kind: 'segment', id: 255n });
    expect(fileName('cursor-%47ro%c3%9fe.mark')).toEqual({ kind: 'cursor', name: 'Große' });
    expect(fileName('head.tmp-1-a')).toEqual({ kind: 'temporary' });
    expect(fileName('cursor-a.mark.tmp-x')).toEqual({ kind: 'temporary' });
    for (const name of [
      'segment-0000000000000000.tide',
      'segment-00000000000000FF.tide',
      'segment-1.tide',
      'cursor-%61.mark',
      'cursor-%C3%9F.mark',
      'cursor-%c3.mark',
      'cursor-.mark',
      'cursor-A.mark',
      'journal.lock.tmp-1',
      'head.tmp-',
      'notes.txt',
    ]) {
      expect(fileName(name), name).toEqual({ kind: 'foreign' });
    }
  });
});
