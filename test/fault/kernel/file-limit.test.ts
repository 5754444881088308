// `ulimit -f`: a write that crosses the limit is cut short by the kernel, and only the next one fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpoint, Journal } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasCommand } from '../../../scripts/tools.mjs';
import { because } from './needs.mjs';

const why = hasCommand('prlimit') ? undefined : 'prlimit is not installed';
const LIMIT = 300_000;
const RECORD_BYTES = 30_000;
/** The first segment fits, the second one does not. */
const SEGMENT_LIMIT = 3 * 2 ** 20;
const STEP = 512;
/** The header and the checksums of a checkpoint take some of it: lengths of files below and above. */
const lengths = Array.from({ length: 24 }, (_, n) => LIMIT - 9 * 1024 + n * STEP);

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-limit-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Told {
  saves: { length: number; refused?: { code: string; outcome: string } }[];
  acknowledged: number;
  refused?: { code: string; cause: string; outcome: string };
}

function underLimit(bytes: number, input: object): Told {
  const child = join(import.meta.dirname, 'children', 'limited.mjs');
  const limited = [`--fsize=${bytes}`, process.execPath, child, JSON.stringify(input)];
  const { stdout, stderr, status } = spawnSync('prlimit', limited, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

const noSpace = { code: 'ERR_TIDEMARK_NO_SPACE', outcome: 'not-written' };

describe.skipIf(why !== undefined)(because('a limit on the length of files', why), () => {
  it('refuses a checkpoint that a short write cut, and one that was acknowledged is whole', async () => {
    const directory = place();
    const { saves } = underLimit(LIMIT, { directory, lengths, mostRecords: 0 });
    expect(saves.filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(5);
    expect(saves.filter(({ refused }) => refused === undefined).length).toBeGreaterThan(5);
    for (const { length, refused } of saves) {
      if (refused !== undefined) expect(refused).toMatchObject(noSpace);
      const checkpoint = await Checkpoint.open<Uint8Array>(
        join(directory, `checkpoint-${length}`),
        { codec: 'binary', readOnly: true },
      );
      const loaded = await checkpoint.load();
      expect(loaded?.value.length).toBe(refused === undefined ? length : undefined);
      await checkpoint.close();
    }
  });

  it.each([
    ['zero-filled ahead, past the page cache', {}],
    ['through the page cache', { directIO: false }],
  ])(
    'refuses appends with NO_SPACE, and what was acknowledged is there: %s',
    async (_mode, options) => {
      const directory = place();
      const told = underLimit(SEGMENT_LIMIT, {
        directory,
        lengths: [],
        mostRecords: 1000,
        recordBytes: RECORD_BYTES,
        options,
      });
      expect(told.refused).toMatchObject({ code: 'ERR_TIDEMARK_NO_SPACE' });
      expect(told.acknowledged).toBeGreaterThan(10);
      const journal = await Journal.open<Uint8Array>(join(directory, 'journal'), {
        codec: 'binary',
      });
      let next = 0;
      for await (const { value } of journal.read()) {
        expect(value.length).toBe(RECORD_BYTES);
        expect(value[0]).toBe(next % 251);
        next++;
      }
      expect(next).toBeGreaterThanOrEqual(told.acknowledged);
      await journal.close();
    },
  );
});
