// The shipped binary under strace: its calls fail, are interrupted, write nothing, or are its last.
// A sample; the whole loops are `npm run campaign -- --only kernel-faults`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atATime, injectAt, lieAt, makeKilled, nameOf, sample } from './injections.mjs';
import { because, whyNoTracing } from './needs.mjs';

const why = whyNoTracing();
const AT_A_TIME = 2;
const most = 240_000;

describe.skipIf(why !== undefined)(because('the calls of a writer, by strace', why), () => {
  const base = mkdtempSync(join(tmpdir(), 'tidemark-kernel-'));
  const places = { directory: join(base, 'runs'), killed: join(base, 'killed') };
  let unharmed: Awaited<ReturnType<typeof makeKilled>>;
  beforeAll(async () => {
    unharmed = await makeKilled(places.killed);
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it('come in the order that the promises rest on', () => {
    expect(unharmed.problems).toEqual([]);
    expect(
      unharmed.calls.filter(({ name }: { name: string }) => name === 'fdatasync').length,
    ).toBeGreaterThan(10);
    expect(unharmed.lines.some(({ say }: { say: string }) => say === 'acknowledged')).toBe(true);
  });

  const jobs = sample();
  const calls = [...new Set(jobs.map(({ fault }) => fault.call))];
  it.each(calls)(
    '%s that fails or is the last: nothing acknowledged is lost, errors are typed, the outcome holds',
    async (call) => {
      const mine = jobs.filter(({ fault }) => fault.call === call);
      const results = await atATime(AT_A_TIME, mine, (job) => injectAt(job, places));
      expect(results.flatMap(({ problems }) => problems)).toEqual([]);
      const missed = mine.filter((_, index) => results[index]?.hits === 0);
      expect(missed.map(({ fault, n, start }) => `${nameOf(fault)} ${n} ${start}`)).toEqual([]);
    },
    most,
  );

  it('a write that leaves out bytes and says nothing: the damage is named', async () => {
    const lies = [7, 13, 16].flatMap((n) => [8, 40].map((bytes) => ({ n, bytes })));
    const results = await atATime(AT_A_TIME, lies, (lie) => lieAt(lie, places));
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    expect(results.filter(({ named }) => named === 'refusal').length).toBeGreaterThan(0);
  });
});
