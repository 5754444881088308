// Real file systems that are full, lie, and die under the writer, in files mounted for the purpose.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { because, compileGodown, whyNoMounts, whyNoShutdown } from './needs.mjs';
import { play } from './scene.mjs';

const most = 240_000;
const why = whyNoMounts();

function base(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-disk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const noSpace = { code: 'ERR_TIDEMARK_NO_SPACE', cause: 'ENOSPC' };
const outcome = expect.stringMatching(/^(not-written|unknown)$/);

describe.skipIf(why !== undefined)(because('a disk that is full', why), () => {
  it('refuses with NO_SPACE and an outcome, loses nothing, and takes appends again when there is room', async () => {
    const seen = await play('full-disk', { base: base() });
    for (const refused of seen.refused) expect(refused).toMatchObject({ ...noSpace, outcome });
    expect(seen.readable).toBeGreaterThan(0);
    expect(seen.visits.refused).toEqual([]);
    expect(seen.visits.beside).toBeGreaterThan(0);
    expect(seen.again.filter((error: unknown) => error !== null)).toEqual([]);
    expect(seen).toMatchObject({ leftOpen: [], problems: [] });
  });

  it('is freed by truncateBefore, without another file being removed', async () => {
    const seen = await play('full-disk', { base: base(), withTruncate: true });
    expect(seen.refused.length).toBeGreaterThan(0);
    expect(seen.truncated).toEqual({});
    expect(seen.again.filter((error: unknown) => error !== null)).toEqual([]);
    expect(seen).toMatchObject({ leftOpen: [], problems: [] });
  });

  it('behind a sync that fails once and then lies: poisons, and acknowledges nothing afterwards', async () => {
    const seen = await play('lying-disk', {
      base: base(),
      options: { segmentBytes: 262_144, directIO: false },
    });
    // The disk does lie: the failed sync of a plain file succeeds when it is tried again.
    expect(seen.control).toMatchObject({ isThere: false, said: expect.arrayContaining(['ok']) });
    expect(seen.control.said[0]).toMatch(/^(EIO|ENOSPC)$/);
    expect(seen.acknowledged).toBeGreaterThan(100);
    expect(seen.poisoned).toBe(true);
    expect(new Set(seen.later)).toEqual(new Set(['ERR_TIDEMARK_POISONED']));
    expect(seen).toMatchObject({ leftOpen: [], problems: [] });
  });

  it('under writes that are durable themselves: what fails is told, and nothing acknowledged is lost', async () => {
    const seen = await play('lying-disk', {
      base: base(),
      options: { segmentBytes: 262_144, directIO: true },
    });
    expect(seen.acknowledged).toBeGreaterThan(100);
    expect(seen.codes.join()).toMatch(/ERR_TIDEMARK_(NO_SPACE|POISONED)/);
    expect(seen).toMatchObject({ leftOpen: [], problems: [] });
  });
});

describe.skipIf(why !== undefined)(because('a file system that becomes read-only', why), () => {
  it('refuses appends with a type and an outcome; a second process reads on; nothing acknowledged is lost', async () => {
    const seen = await play('read-only-disk', { base: base() });
    const readOnly = { code: 'ERR_TIDEMARK_IO', cause: 'EROFS' };
    expect(seen.refused.length).toBeGreaterThan(0);
    for (const refused of seen.refused) {
      expect(refused).toMatchObject({ code: expect.stringMatching(/_(IO|POISONED)$/), outcome });
    }
    expect(seen.refused[0].cause).toBe('EROFS');
    expect(seen.opened).toMatchObject(readOnly);
    expect(seen.readable).toBe(seen.durable);
    expect(seen.visits).toMatchObject({ refused: [] });
    expect(seen.visits.behind).toBeGreaterThanOrEqual(seen.durable);
    expect(seen).toMatchObject({ leftOpen: [], problems: [] });
  });
});

/** Deaths of each file system in each mode; many more are in the campaign. */
const rounds = 2;
const modes = ['default', 'logflush', 'nologflush'];

describe.each(['ext4', 'xfs'])('a file system that dies under the writer', (kind) => {
  const why = whyNoShutdown(kind);
  it.skipIf(why !== undefined).each(modes)(
    because(`${kind} (%s): what was acknowledged is there when it is mounted again`, why),
    async (mode) => {
      const place = base();
      const godown = compileGodown(place);
      const seen = await play('dying-disk', {
        base: place,
        kind,
        mode,
        godown,
        rounds,
        seed: 1,
      });
      expect(seen.problems).toEqual([]);
      expect(seen.figures).toMatchObject({ rounds, acknowledged: expect.any(Number) });
      // What nobody synced is lost with the memory: only 'default' writes it on the way down.
      expect(seen.figures.unsyncedLost).toBe(mode === 'default' ? 0 : rounds);
      expect(Object.keys(seen.figures.codes).join()).toMatch(/ERR_TIDEMARK_(IO|POISONED)/);
    },
    most,
  );
});
