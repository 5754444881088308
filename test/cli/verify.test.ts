// tidemark verify: the exit code is the verdict.
import { chmodSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyReport } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { watermark } from '#lib/cli/report';
import { damagedJournal, inspected, soundJournal, tornJournal } from './damage';
import { temporaryDirectory, tidemark } from './run';

describe('the verdict', () => {
  it('on a sound journal is exit code 0', async () => {
    const directory = await soundJournal(2000);
    const { code, stdout, stderr } = await tidemark(['verify', directory]);
    expect(code).toBe(0);
    expect(stderr).toContain('Sound: 2,000 records in');
    expect(stdout).toMatch(/^records +2,000 \(seqs 1–2000\)$/m);
    expect(stdout).toMatch(/^codec +json version/m);
  });

  it('on a torn tail is exit code 1, and stays so: nothing is changed', async () => {
    const directory = await tornJournal(5);
    for (const _ of [1, 2]) {
      const { code, stderr } = await tidemark(['verify', directory]);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('The tail is torn');
    }
  });

  it('after a writer that was killed is sound, and says what the watermark lacks', async () => {
    const directory = await soundJournal(2000);
    const report = JSON.parse(
      (await tidemark(['verify', directory, '--json'])).stdout,
    ) as VerifyReport;
    expect(watermark(report)).toBe('seq 2000');
    expect(watermark({ ...report, watermarkSeq: 500 })).toBe(
      'seq 500 (the log names no later one; the 1,500 behind it are made durable by the next open)',
    );
    expect(watermark({ ...report, watermarkSeq: 0 })).toMatch(/^none yet \(.* the 2,000 behind/);
  });

  it('on damage is exit code 2, with its place', async () => {
    const directory = await damagedJournal(2000, 100);
    const { code, stdout, stderr } = await tidemark(['verify', directory]);
    expect(code).toBe(2);
    expect(stderr).toContain('ERR_TIDEMARK_CORRUPT: 1 problem');
    expect(stdout).toMatch(/^record +\d+ +\d+ +seq 100 /m);
  });

  it('on a missing segment is exit code 2', async () => {
    const directory = await soundJournal(2000);
    const { segments } = await inspected(directory);
    rmSync(segments[1]?.path ?? '');
    expect((await tidemark(['verify', directory])).code).toBe(2);
  });

  it('on a journal that ends before a known seq is exit code 2', async () => {
    const directory = await soundJournal(10);
    expect((await tidemark(['verify', directory, '--expect-seq', '10'])).code).toBe(0);
    expect((await tidemark(['verify', directory, '--expect-seq', '11'])).code).toBe(2);
  });

  it('on what is not there is exit code 3', async () => {
    const { code, stdout, stderr } = await tidemark(['verify', join(temporaryDirectory(), 'none')]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('There is no journal in');
  });

  it.skipIf(process.getuid?.() === 0)(
    'on a file that may not be read is exit code 3 (not as root: root may)',
    async () => {
      const directory = await soundJournal(10);
      const { segments } = await inspected(directory);
      chmodSync(segments[0]?.path ?? '', 0);
      expect((await tidemark(['verify', directory])).code).toBe(3);
    },
  );
});

describe('the report as JSON', () => {
  it('is the whole output, and the same verdict', async () => {
    const directory = await damagedJournal(2000, 100);
    const { code, stdout } = await tidemark(['verify', directory, '--json']);
    const report = JSON.parse(stdout) as VerifyReport;
    expect(code).toBe(2);
    expect(report).toMatchObject({ ok: false, firstSeq: 1, lastSeq: 2000 });
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]).toMatchObject({ kind: 'record', fromSeq: 100, toSeq: 100 });
  });

  it('counts the bytes of the files', async () => {
    const directory = await soundJournal(2000);
    const report = JSON.parse((await tidemark(['verify', directory, '--json'])).stdout);
    const { bytesUsed, bytesOnDisk, segments } = report as VerifyReport;
    expect(bytesUsed).toBeGreaterThan(2000 * 100);
    expect(bytesUsed).toBeLessThanOrEqual(bytesOnDisk);
    expect(segments.reduce((sum, segment) => sum + segment.records, 0)).toBe(2000);
  });
});

describe('a journal whose file was cut', () => {
  it('below its watermark is corrupt', async () => {
    const directory = await soundJournal(2000);
    const { segments } = await inspected(directory);
    const first = segments[0];
    truncateSync(first?.path ?? '', (first?.fileBytes ?? 0) / 2);
    expect((await tidemark(['verify', directory])).code).toBe(2);
  });
});
