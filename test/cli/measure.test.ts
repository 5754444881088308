// doctor and bench: what they report of a real disk, not how fast it is.
import { mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { start, temporaryDirectory, tidemark } from './run';

describe('doctor', () => {
  it('reports the disk under a directory and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const { code, stdout } = await tidemark(['doctor', directory, '--json', '--syncs', '20']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as {
      fileSystem: { name: string };
      sync: { mode: string; refused?: string; latency?: { count: number } }[];
      kernel: { inUse: string; available: string[] };
      advice: { topic: string; text: string }[];
    };
    expect(report.fileSystem.name).not.toBe('');
    expect(report.sync.map(({ mode }) => mode)).toEqual([
      'append',
      'zero-filled',
      'direct',
      'direct-dsync',
    ]);
    expect(report.sync[0]?.latency?.count).toBe(20);
    expect(report.kernel.available).toContain(report.kernel.inUse);
    expect(report.advice.length).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('prints the same as text, in lines that fit', async () => {
    const directory = temporaryDirectory();
    const { code, stdout, stderr } = await tidemark(['doctor', directory, '--syncs', '20']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^file system /m);
    expect(stdout).toMatch(/^zero-filled file, fdatasync +4096/m);
    expect(stdout).toMatch(/^(good|care|STOP) /m);
  });

  it('ends at SIGINT with 130 and takes its file with it', async () => {
    const directory = temporaryDirectory();
    const watcher = watch(directory);
    const measuring = new Promise((resolve) => watcher.once('change', resolve));
    const running = start('doctor', directory, '--syncs', '1000000');
    await measuring;
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stdout: '' });
    watcher.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says that a disk refuses, and asks for a directory that is there', async () => {
    const refused = await tidemark(['doctor', '/proc', '--syncs', '5']);
    expect(refused.stdout).toContain('refused');
    expect(refused.stdout).toMatch(/^STOP /m);
    expect((await tidemark(['doctor', join(temporaryDirectory(), 'none')])).code).toBe(3);
  });
});

describe('bench', () => {
  it('measures 1, 8, 64 and 512 callers beside the raw disk', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'mine'));
    const { code, stdout, stderr } = await tidemark([
      'bench',
      directory,
      '--json',
      '--seconds',
      '1',
    ]);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as {
      raw: { latency: { count: number } };
      levels: {
        callers: number;
        recordsPerSecond: number;
        latency: { count: number };
        histogram: { count: number }[];
      }[];
    };
    expect(report.raw.latency.count).toBeGreaterThan(0);
    expect(report.levels.map(({ callers }) => callers)).toEqual([1, 8, 64, 512]);
    for (const { callers, latency, histogram } of report.levels) {
      expect(latency.count).toBeGreaterThanOrEqual(callers);
      expect(histogram.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(latency.count);
    }
    expect(readdirSync(directory)).toEqual(['mine']);
  }, 60_000);

  it('draws a chart', async () => {
    const { code, stdout } = await tidemark(['bench', temporaryDirectory(), '--seconds', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^raw disk .*[█▏▎▍▌▋▊▉]/mu);
    expect(stdout).toMatch(/^512 callers .*[█▏▎▍▌▋▊▉]/mu);
  }, 60_000);
});
