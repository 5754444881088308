// The clock is set back under a writer, by libfaketime in its process only: order and retention must not
// depend on it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judge } from './judge.mjs';
import { because, whyNoFakeTime } from './needs.mjs';
import { startWriter } from './writer-process.mjs';

const why = whyNoFakeTime();
const DAY_MS = 86_400_000;
const BACK = '-30d';

/** Retention by age is the one thing that looks at the clock. */
const options = { retain: { maxAgeMs: DAY_MS } };

/** The monotonic clock keeps its word: Node itself ends when that one goes back. */
const wallOnly = { FAKETIME_DONT_FAKE_MONOTONIC: '1' };

interface Line {
  say: string;
  [key: string]: unknown;
}

/** The library that the command faketime preloads. */
function fakeTimeLibrary(): string {
  const { stdout } = spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  });
  return stdout.trim();
}

function place() {
  const base = mkdtempSync(join(tmpdir(), 'tidemark-clock-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  return { directory: join(base, 'journal'), offset: join(base, 'offset') };
}

/** A half written offset would end the writer: the library reads the file at every look at the clock. */
function setOffset(path: string, offset: string): void {
  writeFileSync(`${path}.new`, `${offset}\n`);
  renameSync(`${path}.new`, path);
}

/** The time at which the last writer took the lock, by its own clock. */
const lockedAt = (directory: string): number =>
  JSON.parse(readFileSync(join(directory, 'journal.lock'), 'utf8')).since;

describe.skipIf(why !== undefined)(because('a clock that is set back', why), () => {
  it('before a writer opens: nothing is lost, released too early, or out of order', async () => {
    const { directory } = place();
    const lines: Line[] = [];
    for (const [index, wrapper] of [[], ['faketime', '-f', BACK], []].entries()) {
      const input = { directory, session: index + 1, rounds: 3, options };
      const end = await startWriter(input, lines, { wrapper, env: wallOnly }).ended;
      expect(end).toMatchObject({ code: 0 });
      const ago = Date.now() - lockedAt(directory);
      if (wrapper.length > 0) expect(ago).toBeGreaterThan(29 * DAY_MS);
      else expect(ago).toBeLessThan(DAY_MS);
    }
    expect(lines.filter(({ say }) => say === 'rejected' || say === 'failed')).toEqual([]);
    expect((await judge(directory, lines)).problems).toEqual([]);
  });

  it('while a writer works: it goes on, and its idle marks and intervals with it', async () => {
    const { directory, offset } = place();
    setOffset(offset, '+0d');
    const lines: Line[] = [];
    let acknowledged = 0;
    const onLine = ({ say }: Line) => {
      acknowledged += Number(say === 'acknowledged');
      if (acknowledged === 10) setOffset(offset, BACK);
    };
    const env = { ...wallOnly, FAKETIME_NO_CACHE: '1', FAKETIME_TIMESTAMP_FILE: offset };
    const input = { directory, session: 1, rounds: 4, options };
    const wrapper = ['env', `LD_PRELOAD=${fakeTimeLibrary()}`];
    const { code } = await startWriter(input, lines, { wrapper, env, onLine }).ended;
    expect(code).toBe(0);
    expect(acknowledged).toBeGreaterThan(10);
    expect(lines.filter(({ say }) => say === 'rejected' || say === 'failed')).toEqual([]);
    expect((await judge(directory, lines)).problems).toEqual([]);
  });
});
