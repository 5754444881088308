/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// tidemark inspect: the layout as text, as JSON and as a picture whose shapes are that JSON.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutPage } from '#lib/cli/inspect-page';
import type { Layout } from '#lib/cli/layout';
import { damagedJournal, flipBit, inspected, soundJournal, textOf, tornJournal } from './damage';
import { find, temporaryDirectory, tidemark } from './run';

describe('the layout', () => {
  it('as text names segments, fill and watermark', async () => {
    const directory = await soundJournal(2000);
    const { code, stdout, stderr } = await tidemark(['inspect', directory]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^watermark +seq 2000$/m);
    expect(stdout).toMatch(/^ *segment +state +first seq/m);
    expect(stdout).toMatch(/^ +1 +sealed +1 /m);
    expect(stdout).not.toContain('\x1b');
  });

  it('as JSON adds up, frame by frame', async () => {
    const directory = await soundJournal(2000);
    const report = await inspected(directory);
    let nextSeq = 1;
    for (const segment of report.segments) {
      let end = segment.dataStart;
      for (const frame of segment.frames) {
        expect(frame.offset).toBe(end);
        expect(frame.bytes).toBeGreaterThan(0);
        end += frame.bytes;
        if (frame.type === 'commit') {
          expect(frame.firstSeq).toBe(nextSeq);
          nextSeq += frame.records;
        }
      }
      expect(end).toBeLessThanOrEqual(segment.usedBytes);
      expect(segment.usedBytes).toBeLessThanOrEqual(segment.fileBytes);
    }
    expect(nextSeq).toBe(2001);
  });

  it('as JSON has frames only when they are asked for', async () => {
    const directory = await soundJournal(10);
    const plain = JSON.parse((await tidemark(['inspect', directory, '--json'])).stdout);
    expect((plain as Layout).segments.every((segment) => !('frames' in segment))).toBe(true);
    const text = (await tidemark(['inspect', directory, '--frames'])).stdout;
    expect(text).toMatch(/^ +\d+ +\d+ +commit +1 /m);
  });

  it('of a damaged journal is shown, and then exit code 2 with the place and the next step', async () => {
    const directory = await damagedJournal(2000, 100);
    const { code, stdout, stderr } = await tidemark(['inspect', directory]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^ +1 +sealed +1 /m);
    expect(stdout).toMatch(/^record +\d+ +\d+ +seq 100 /m);
    expect(stderr).toMatch(/ERR_TIDEMARK_CORRUPT: segment \d, offset \d+, seq 100: /);
    expect(stderr).toContain(`tidemark verify ${directory}`);
    expect(stderr).toContain(`tidemark salvage ${directory} OUT`);
    const json = await tidemark(['inspect', directory, '--json']);
    expect(json.code).toBe(2);
    expect((JSON.parse(json.stdout) as Layout).problems).toHaveLength(1);
  });

  it('of a damaged journal as a page lists every problem', async () => {
    const directory = await damagedJournal(2000, 100);
    flipBit(find(directory, textOf(1999)));
    const file = join(temporaryDirectory(), 'layout.html');
    expect((await tidemark(['inspect', directory, '--html', file])).code).toBe(2);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/<li [^>]*>.*segment \d+<.*, offset \d+, seq 100: record, /);
    expect(page).toMatch(/<li [^>]*>.*, offset \d+, seq 1999: record, /);
    const { segments } = await inspected(directory);
    expect(page.match(/<rect [^>]*data-type=/g)).toHaveLength(
      segments.reduce((sum, segment) => sum + segment.frames.length, 0),
    );
  });

  it('of a segment without a header names it, and shows the others', async () => {
    const directory = await soundJournal(2000);
    const { segments } = await inspected(directory);
    writeFileSync(segments[0]?.path ?? '', Buffer.alloc(segments[0]?.fileBytes ?? 0, 0x55));
    const file = join(temporaryDirectory(), 'layout.html');
    const { code, stderr } = await tidemark(['inspect', directory, '--html', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('ERR_TIDEMARK_CORRUPT: segment 1, ');
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/<li [^>]*>segment 1 \(not drawn\)/);
    expect(page).toContain('<section id="segment-2">');
  });

  it('of what is not there is exit code 3', async () => {
    expect((await tidemark(['inspect', join(temporaryDirectory(), 'none')])).code).toBe(3);
  });
});

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

interface Drawn {
  type: string;
  segment: number;
  offset: number;
  bytes: number;
  firstSeq: number;
  records: number;
}

/** What the page draws: the data of the shapes, and whether their geometry is that data. */
interface Picture {
  frames: Drawn[];
  toScale: boolean;
  damage: { segment: number; offset: number; fromSeq: number }[];
  /** Centre of each mark of damage, as a share of its segment's width. */
  damagePlaces: number[];
  watermark: { segment: number; offset: number; seq: number } | undefined;
  widths: { segment: number; width: number; fileBytes: number }[];
  requests: string[];
}

describe.skipIf(executablePath === undefined)('the picture (needs Chromium)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: [
        '--no-sandbox',
        '--headless',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });
  afterAll(() => browser?.close());

  async function look(file: string): Promise<Picture> {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.setDefaultTimeout(110_000); // a large page on a busy machine takes longer than the usual 30 s
    await page.goto(pathToFileURL(file).href);
    const picture = await page.evaluate(readPicture);
    await page.close();
    return { ...picture, requests };
  }

  async function draw(
    directory: string,
    expected = 0,
  ): Promise<{ file: string; picture: Picture }> {
    const file = join(temporaryDirectory(), 'layout.html');
    const { code, stderr } = await tidemark(['inspect', directory, '--html', file]);
    expect(code, stderr).toBe(expected);
    return { file, picture: await look(file) };
  }

  const framesOf = (report: Layout): Drawn[] =>
    report.segments.flatMap((segment) =>
      segment.frames.map(({ type, offset, bytes, firstSeq, records }) => ({
        type,
        segment: segment.id,
        offset,
        bytes,
        firstSeq,
        records,
      })),
    );

  it('has one shape for each frame, to scale, and asks for nothing outside', async () => {
    const directory = await soundJournal(3000);
    const report = await inspected(directory);
    const { file, picture } = await draw(directory);
    expect(picture.frames).toEqual(framesOf(report));
    expect(picture.frames.length).toBeGreaterThan(report.segments.length);
    expect(picture.toScale).toBe(true);
    expect(picture.damage).toEqual([]);
    expect(picture.requests).toEqual([pathToFileURL(file).href]);
    expect(readFileSync(file, 'utf8')).not.toMatch(/(?:src|href)\s*=|@import|url\(/);
    expect(picture.watermark).toMatchObject({ seq: 3000 });
    const [first] = picture.widths;
    for (const { width, fileBytes } of picture.widths) {
      const expected = ((first?.width ?? 0) * fileBytes) / (first?.fileBytes ?? 1);
      expect(Math.abs(width - expected)).toBeLessThan(1);
    }
  });

  it('shows damage at its offset', async () => {
    const directory = await damagedJournal(2000, 100);
    const report = await inspected(directory);
    const { picture } = await draw(directory, 2);
    const [problem] = report.problems;
    expect(picture.damage).toEqual([
      { segment: problem?.segment, offset: problem?.offset, fromSeq: 100 },
    ]);
    const segment = report.segments.find(({ id }) => id === problem?.segment);
    const share = (problem?.offset ?? 0) / (segment?.fileBytes ?? 1);
    expect(Math.abs((picture.damagePlaces[0] ?? 0) - share)).toBeLessThan(0.003);
  });

  it('shows a torn tail behind the last frame', async () => {
    const directory = await tornJournal(5);
    const { file, picture } = await draw(directory);
    expect(picture.frames.length).toBeGreaterThan(0);
    expect(readFileSync(file, 'utf8')).toContain('<rect class="torn"');
  });

  it('draws a thousand segments of a hundred thousand frames', async () => {
    const report = largeReport(1000, 101);
    const file = join(temporaryDirectory(), 'large.html');
    writeFileSync(file, [...layoutPage('/large & <many>', report)].join(''));
    const picture = await look(file);
    // As text: a deep comparison of a hundred thousand objects takes seconds.
    expect(JSON.stringify(picture.frames) === JSON.stringify(framesOf(report))).toBe(true);
    expect(picture.frames).toHaveLength(101_000);
    expect(picture.widths).toHaveLength(1000);
    expect(picture.toScale).toBe(true);
  }, 120_000);
});

/** Runs in the page. */
function readPicture(): Omit<Picture, 'requests'> {
  const number = (element: Element, name: string): number => Number(element.getAttribute(name));
  const shapes = [...document.querySelectorAll('rect[data-type]')];
  const marks = [...document.querySelectorAll('b.damage')];
  const watermark = document.querySelector('b.watermark');
  return {
    frames: shapes.map((shape) => ({
      type: shape.getAttribute('data-type') ?? '',
      segment: number(shape, 'data-segment'),
      offset: number(shape, 'data-offset'),
      bytes: number(shape, 'data-bytes'),
      firstSeq: number(shape, 'data-first-seq'),
      records: number(shape, 'data-records'),
    })),
    // The units of each picture are the bytes of its segment.
    toScale: shapes.every((shape) => {
      const svg = shape.closest('svg');
      return (
        number(shape, 'x') === number(shape, 'data-offset') &&
        number(shape, 'width') === number(shape, 'data-bytes') &&
        svg?.getAttribute('viewBox') === `0 0 ${svg?.getAttribute('data-file-bytes')} 1` &&
        svg?.getAttribute('preserveAspectRatio') === 'none' &&
        svg?.getAttribute('data-segment') === shape.getAttribute('data-segment')
      );
    }),
    damage: marks.map((mark) => ({
      segment: number(mark, 'data-segment'),
      offset: number(mark, 'data-offset'),
      fromSeq: number(mark, 'data-from-seq'),
    })),
    damagePlaces: marks.map((mark) => {
      const box = mark.getBoundingClientRect();
      const track = mark.parentElement?.getBoundingClientRect();
      return (box.left + box.width / 2 - (track?.left ?? 0)) / (track?.width ?? 1);
    }),
    watermark:
      watermark === null
        ? undefined
        : {
            segment: number(watermark, 'data-segment'),
            offset: number(watermark, 'data-offset'),
            seq: number(watermark, 'data-seq'),
          },
    widths: [...document.querySelectorAll('svg')].map((svg) => ({
      segment: number(svg, 'data-segment'),
      width: svg.getBoundingClientRect().width,
      fileBytes: number(svg, 'data-file-bytes'),
    })),
  };
}

/** A report of this size without the disk: `segments` segments of `frames` frames each. */
function largeReport(segments: number, frames: number): Layout {
  const dataStart = 8192;
  const frameBytes = 512;
  const list = Array.from({ length: segments }, (_, index) => {
    const firstSeq = index * (frames - 1) + 1;
    return {
      id: index + 1,
      epoch: '0',
      path: `/large/${index + 1}`,
      sealed: true,
      fileBytes: 65536,
      allocatedBytes: 65536,
      dataStart,
      streamEnd: dataStart + frames * frameBytes,
      usedBytes: dataStart + frames * frameBytes + 64,
      firstSeq,
      lastSeq: firstSeq + frames - 2,
      records: frames - 1,
      commits: frames - 1,
      digest: '0',
      createdAt: 0,
      frames: Array.from({ length: frames }, (_unused, at) => ({
        offset: dataStart + at * frameBytes,
        bytes: frameBytes,
        type: at === frames - 1 ? ('seal' as const) : ('commit' as const),
        firstSeq: firstSeq + at,
        records: at === frames - 1 ? 0 : 1,
        watermarkOffset: dataStart + Math.max(0, at - 1) * frameBytes,
        watermarkSeq: firstSeq + at - 1,
      })),
    };
  });
  return {
    ok: true,
    tail: 'clean',
    records: segments * (frames - 1),
    firstSeq: 1,
    lastSeq: segments * (frames - 1),
    watermarkSeq: segments * (frames - 1),
    besideWriter: false,
    bytesUsed: 0,
    bytesOnDisk: 0,
    foreign: [],
    segments: list,
    problems: [],
  } as Layout;
}
