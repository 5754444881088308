// The shipped binary under strace: its calls fail, are interrupted, write nothing, or are its last.
// A sample; the whole loops are `npm run campaign -- --only kernel-faults`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  atATime,
  injectAt,
  lieAt,
  makeKilled,
  nameOf,
  sample,
  unharmed,
  whyNot,
} from './injections.mjs';
import { because, compileFaults } from './needs.mjs';
import { commitOf, succeeded } from './order.mjs';

const why = whyNot();
const AT_A_TIME = 2;
const most = 240_000;

type Session = Awaited<ReturnType<typeof makeKilled>>;
type Call = Session['calls'][number];

const places = { directory: '', killed: '', faults: '' };
let killed: Session;

beforeAll(async () => {
  const base = mkdtempSync(join(tmpdir(), 'tidemark-kernel-'));
  places.directory = join(base, 'runs');
  places.killed = join(base, 'killed');
  if (why.direct === undefined) places.faults = compileFaults(base);
  if (why.buffered === undefined) killed = await makeKilled(places.killed);
  return () => rmSync(base, { recursive: true, force: true });
});

const named = (calls: Call[], name: string) => calls.filter((call: Call) => call.name === name);
const commits = (calls: Call[]) =>
  calls.filter((call: Call) => commitOf(call) !== undefined && succeeded(call));
const acknowledges = ({ lines }: Session) =>
  lines.some(({ say }: { say: string }) => say === 'acknowledged');

const writers = [
  ['buffered', 'a writer'],
  ['direct', 'a writer whose writes are durable themselves'],
  ['begun', 'a writer whose lone commits are begun'],
] as const;

describe.each(writers)('%s', (mode, writer) => {
  const reason = why[mode];
  describe.skipIf(reason !== undefined)(
    because(`the calls of ${writer}, by strace`, reason),
    () => {
      const jobs = sample().filter(({ fault }) => fault.mode === mode);
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
    },
  );
});

describe('the calls of a writer to which nothing is done', () => {
  it.skipIf(why.buffered !== undefined)(
    because('come in the order that the promises rest on', why.buffered),
    () => {
      expect(killed.problems).toEqual([]);
      expect(named(killed.calls, 'fdatasync').length).toBeGreaterThan(10);
      expect(acknowledges(killed)).toBe(true);
    },
  );

  it.skipIf(why.direct !== undefined)(
    because('come in that order where each write is durable itself', why.direct),
    async () => {
      const session = await unharmed('direct', places);
      expect(session.problems).toEqual([]);
      const durable = commits(session.calls).filter(({ through }: Call) => through);
      expect(durable.length).toBeGreaterThan(10);
      expect(acknowledges(session)).toBe(true);
    },
  );

  it.skipIf(why.begun !== undefined)(
    because('come in that order where lone commits are begun, and some are', why.begun),
    async () => {
      const session = await unharmed('begun', places);
      expect(session.problems).toEqual([]);
      expect(named(commits(session.calls), 'io_submit').length).toBeGreaterThan(4);
      expect(named(commits(session.calls), 'pwritev').length).toBeGreaterThan(0);
      expect(acknowledges(session)).toBe(true);
    },
  );
});

it.skipIf(why.buffered !== undefined)(
  because('a write that leaves out bytes and says nothing: the damage is named', why.buffered),
  async () => {
    const lies = [7, 13, 16].flatMap((n) => [8, 40].map((bytes) => ({ n, bytes })));
    const results = await atATime(AT_A_TIME, lies, (lie) => lieAt(lie, places));
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    expect(results.filter((result) => result.named === 'refusal').length).toBeGreaterThan(0);
  },
);
