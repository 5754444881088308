// The kill storm in small, and its judges: they must see what they are there to see.
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runPart } from './claims';
import { evidenceOf } from './kill-storm/evidence.mjs';
import { judgeCursor, judgeSaid, judgeSame } from './kill-storm/judge.mjs';
import { killRound } from './kill-storm/round.mjs';
import { killStorm } from './kill-storm/storm.mjs';
import { inTemporary } from './support.mjs';

const sizes = { rounds: 1, kills: 50, seed: 20260102, deadline: undefined, saved: undefined };

describe('kill -9, again and again on the same directory', () => {
  it('loses nothing acknowledged or shown, keeps everything in order and genuine', async () => {
    const { claims, broken, figures } = await runPart(killStorm, { ...sizes, log: () => {} });
    expect({ broken, figures: broken.length > 0 ? figures : '' }).toEqual({
      broken: [],
      figures: '',
    });
    expect(claims).toBe(2);
  }, 600_000);

  it('judges the same when processes are stopped for a while and reports are read late', async () => {
    const { problems, counts } = await inTemporary(tmpdir(), (directory: string) =>
      killRound({ directory, kills: 10, seed: 20260104, isDisturbed: true, log: () => {} }),
    );
    expect(problems).toEqual([]);
    expect(counts.processesStopped).toBeGreaterThan(0);
    expect(counts.reportsLeftUnread).toBeGreaterThan(0);
  }, 600_000);
});

interface Run {
  by: string;
  k: number;
  seq: number;
  count: number;
}

describe('the judge of what a writer said', () => {
  const by = 'one:10';
  const run = (k: number, seq: number, count: number): Run => ({ by, k, seq, count });
  const sound = {
    submitted: new Map([[by, 8]]),
    acknowledged: [run(1, 11, 3)],
    shown: [] as Run[],
    truncation: { asked: 0, done: 0 },
    opened: { firstSeq: 1 },
  };
  const producer = { by, mode: 'append', window: 4 };
  /** A history that knows of so many records of the producer, and what was expected of it. */
  function judge(said: Partial<typeof sound>, reached = 5, firstSeq = 1, plan = producer) {
    const expected: [Run[], string][] = [];
    const history = {
      reached: () => reached,
      expect: (runs: Run[], what: string) => expected.push([runs, what]),
    };
    const facts = { producers: [plan], retains: false, isLast: true };
    const { problems } = judgeSaid(facts, { ...sound, ...said }, history, firstSeq);
    return { problems, expected };
  }

  it('accepts what was acknowledged and some of what was not', () => {
    const { problems, expected } = judge({});
    expect(problems).toEqual([]);
    expect(expected.map(([runs]) => runs)).toEqual([sound.acknowledged, []]);
  });
  it('sees a record that nobody submitted', () => {
    expect(judge({}, 9).problems).toHaveLength(1);
  });
  it('sees a part of a batch', () => {
    const batches = { ...producer, mode: 'batch' };
    expect(judge({}, 4, 1, batches).problems).toEqual([]);
    expect(judge({}, 5, 1, batches).problems).toHaveLength(1);
  });
  it('sees a truncation that was undone, and one that nobody asked for', () => {
    expect(judge({ truncation: { asked: 7, done: 7 } }, 5, 7).problems).toEqual([]);
    expect(judge({ truncation: { asked: 7, done: 7 } }, 5, 6).problems).toHaveLength(1);
    expect(judge({ truncation: { asked: 7, done: 0 } }, 5, 8).problems).toHaveLength(1);
  });
});

describe('the judge of a cursor', () => {
  const at = (seq: number) => [{ name: 'consumer', seq }];

  it('accepts any place between what was durable and what was asked for', () => {
    for (const seq of [5, 6, 9]) expect(judgeCursor({ asked: 9, done: 5 }, at(seq), 5)).toEqual([]);
    // Made by a writer that died before it moved it.
    expect(judgeCursor({ asked: 0, done: 0 }, at(196), 197)).toEqual([]);
  });
  it('sees one that went back or too far, or lost what it holds', () => {
    expect(judgeCursor({ asked: 9, done: 5 }, at(4), 5)).toHaveLength(1);
    expect(judgeCursor({ asked: 9, done: 5 }, at(10), 5)).toHaveLength(1);
    expect(judgeCursor({ asked: 9, done: 5 }, at(5), 7)).toHaveLength(1);
    expect(judgeCursor({ asked: 9, done: 5 }, [], 1)).toHaveLength(1);
  });
});

describe('the judge of two opens', () => {
  it('sees a fact that differs', () => {
    const facts = { firstSeq: 1, lastSeq: 9, tail: 'clean' };
    expect(judgeSame(facts, facts)).toEqual([]);
    expect(judgeSame(facts, { ...facts, lastSeq: 8 })).toHaveLength(1);
    expect(judgeSame({}, facts)).toEqual([]);
  });
});

describe('the evidence of a commit in flight', () => {
  const by = 'one:10';
  const said = {
    submitted: new Map([[by, 8]]),
    handed: new Map([[by, 6]]),
    acknowledged: [{ by, k: 1, seq: 11, count: 4 }],
  };
  function evidence({
    reached = 6,
    unread = false,
    state = 'running',
    moment = 'load',
    more = {},
  }) {
    const history = { reached: () => reached };
    return evidenceOf({ plan: { moment }, end: { said: { ...said, ...more }, state } }, history, {
      unread,
    });
  }

  it('is a record that the writer had taken and nobody finds', () => {
    expect(evidence({}).unwritten).toBe(false);
    expect(evidence({ reached: 5 }).unwritten).toBe(true);
  });
  it('is none where the records may have been released before anybody read them', () => {
    expect(evidence({ reached: 0 }).unwritten).toBe(true);
    expect(evidence({ reached: 0, unread: true }).unwritten).toBe(false);
    expect(evidence({ reached: 5, unread: true }).unwritten).toBe(true);
  });
  it('is a sync behind which records wait, not that of a mark', () => {
    expect(evidence({ state: 'sync' }).inSync).toBe(true);
    expect(evidence({ state: 'sync', moment: 'close' }).inSync).toBe(false);
    const told = { submitted: new Map([[by, 4]]) };
    expect(evidence({ state: 'sync', more: told }).inSync).toBe(false);
  });
});
