// DurableState: what is committed is applied once, here, now, and after every restart.
import { join } from 'node:path';
import fc from 'fast-check';
import { type Codec, DurableState, Journal, msgpack } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { asynchronous, expectNothingUnhandled } from '../support/asynchronous';
import { openJournal, rejection, rejections, temporaryDirectory } from '../support/journals';
import { commitTo, openList, textsTo } from './states';

/** On a simulated disk: no test of these needs the real one. */
const onDisk = (body: (disk: SimulatedDisk) => Promise<void>) => () => {
  const disk = new SimulatedDisk();
  return disk.run(() => body(disk));
};

describe('open', () => {
  it('applies what another handle made durable meanwhile, without waiting for an event more', async () => {
    const path = join(temporaryDirectory(), 'journal');
    const [mine, theirs] = [await Journal.open<string>(path), await Journal.open<string>(path)];
    onTestFinished(async () => {
      await mine.close();
      await theirs.close();
    });
    await theirs.append('event 1');
    const state = await openList(temporaryDirectory(), {
      journal: mine,
      apply: (list, text, seq) => {
        // In the middle of the replay, whose end is known by now.
        if (theirs.lastSeq === 1) theirs.appendSync('event 2');
        list.push({ seq, text });
      },
    });
    await state.transact(() => []);
    expect(state.value).toEqual(textsTo(2));
    await state.close();
  });
});

describe('commit', () => {
  it(
    'resolves when the event is durable and applied',
    onDisk(async (disk) => {
      const state = await openList('/s');
      expect(await state.commit('event 1')).toBe(1);
      expect(state.value).toEqual(textsTo(1));
      disk.cut({ keep: 'none' });
      const again = await openList('/s');
      expect(again.value).toEqual(textsTo(1));
      expect(again.recovery).toMatchObject({ path: 'recovered', replayed: 1 });
    }),
  );

  it(
    'applies in the order of the calls, also what is committed at once or inside of apply',
    onDisk(async () => {
      let nested: Promise<number> | undefined;
      const state = await openList('/s', {
        apply: (list, text, seq) => {
          list.push({ seq, text });
          if (text === 'event 3') nested = state.commit('nested');
        },
      });
      const seqs = await Promise.all(textsTo(50).map(({ text }) => state.commit(text)));
      expect(seqs).toEqual(textsTo(50).map(({ seq }) => seq));
      expect(await nested).toBe(51);
      expect(state.value).toEqual([...textsTo(50), { seq: 51, text: 'nested' }]);
    }),
  );

  it.each(['commit', 'commitBatch'] as const)(
    'inside of apply leaves a %s alone that makes room for itself by what is durable',
    async (call) => {
      const directory = temporaryDirectory();
      const journal = await openJournal<string>(join(directory, 'j'), { maxPendingBytes: 4096 });
      const nested: Promise<unknown>[] = [];
      const state = await openList(directory, {
        journal,
        apply: (list, text, seq) => {
          list.push({ seq, text });
          if (seq === 1) nested.push(commit('nested'));
        },
      });
      const commit = (text: string): Promise<unknown> =>
        call === 'commit' ? state.commit(text) : state.commitBatch([text]);
      const commits: Promise<unknown>[] = textsTo(5).map(({ text }) => state.commitBatch([text]));
      while (journal.durableSeq < 5); // and nothing of it was told to this thread
      const large = 'x'.repeat(3000);
      commits.push(commit(large));
      await Promise.all(commits);
      await Promise.all(nested);
      expect(state.value).toEqual([
        ...textsTo(5),
        { seq: 6, text: large },
        { seq: 7, text: 'nested' },
      ]);
      await state.close();
      const again = await openList(directory, { journal });
      expect(again.value).toEqual(state.value);
    },
  );

  it(
    'applies what the log holds, whatever the caller does with the event',
    onDisk(async () => {
      const open = (directory: string) =>
        DurableState.open<unknown[], unknown>(directory, {
          initial: () => [],
          apply: (list, event) => {
            list.push(event);
          },
        });
      const state = await open('/s');
      const events = [
        { n: 1, list: [1], at: undefined as unknown },
        new Map([['a', 1]]),
        -0,
        '\ud800',
        new (class Point {
          x = 1;
        })(),
        new Date(7),
      ];
      const commits = events.map((event) => state.commit(event));
      (events[0] as { n: number }).n = 2;
      await Promise.all(commits);
      const live = structuredClone(state.value);
      await state.close();
      const again = await open('/s');
      expect(live).toEqual(again.value);
      expect(again.value[0]).toMatchObject({ n: 1 });
      await again.close();
    }),
  );

  it(
    'is refused by check, with what check threw, before anything is written',
    onDisk(async () => {
      const refusal = new Error('no');
      const state = await openList('/s', {
        check: (list, text) => {
          if (list.length >= 2 || text === 'bad') throw refusal;
        },
      });
      await expect(state.commit('bad')).rejects.toBe(refusal);
      await commitTo(state, 2);
      await expect(state.commit('event 3')).rejects.toBe(refusal);
      await expect(state.commitBatch(['event 3'])).rejects.toBe(refusal);
      expect(state.seq).toBe(2);
    }),
  );

  it(
    'validates by the schema, and stores what that gives',
    onDisk(async () => {
      const state = await openList('/s', { schema: z.string().trim() });
      await state.commit('  event 1 ');
      expect(state.value).toEqual(textsTo(1));
      expect(await rejection(state.commit(5 as never))).toMatchObject({
        code: 'ERR_TIDEMARK_SCHEMA',
      });
    }),
  );

  it(
    'after close is refused, and close waits for those before',
    onDisk(async () => {
      const state = await openList('/s');
      const commits = textsTo(20).map(({ text }) => state.commit(text));
      const closed = state.close();
      expect(await rejection(state.commit('late'))).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
      await closed;
      expect(await Promise.all(commits)).toHaveLength(20);
      expect((await openList('/s')).value).toEqual(textsTo(20));
    }),
  );
});

describe('commitBatch', () => {
  it.each(['msgpack', 'json'] as const)(
    'inside of an event of another one is refused, and takes nothing from that (%s)',
    async (codec) => {
      const options = {
        codec,
        initial: () => [],
        apply: (list: unknown[], event: unknown) => void list.push(event),
      };
      const state = await DurableState.open<unknown[], unknown>(temporaryDirectory(), options);
      onTestFinished(() => state.close().catch(() => {}));
      let nested: Promise<unknown> | undefined;
      const second = {
        get x() {
          nested ??= rejection(state.commitBatch(['nested']));
          return 2;
        },
      };
      const outer = await state.commitBatch(['first', second, 'third']);
      expect(outer).toEqual({ firstSeq: 1, lastSeq: 3 });
      expect(await nested).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
      expect(await state.commit('later')).toBe(4);
      expect(state.value).toEqual(['first', { x: 2 }, 'third', 'later']);
    },
  );

  it(
    'is one commit',
    onDisk(async () => {
      const state = await openList('/s');
      const range = await state.commitBatch(textsTo(3).map(({ text }) => text));
      expect(range).toEqual({ firstSeq: 1, lastSeq: 3 });
      expect(state.value).toEqual(textsTo(3));
      await expect(state.commitBatch([])).rejects.toThrow(RangeError);
    }),
  );
});

describe('transact', () => {
  it(
    'decides on the latest state, one at a time, with commits in between waiting',
    onDisk(async () => {
      const state = await DurableState.open<{ balance: number }, number>('/s', {
        initial: () => ({ balance: 0 }),
        apply: (wallet, change) => {
          wallet.balance += change;
        },
      });
      await state.commit(50);
      const takes = Array.from({ length: 10 }, () =>
        state.transact(({ balance }) => (balance >= 10 ? [-10] : [])),
      );
      const deposit = state.commit(5);
      const ranges = await Promise.all(takes);
      await deposit;
      expect(ranges.filter((range) => range !== undefined)).toHaveLength(5);
      expect(state.value.balance).toBe(5);
      await expect(
        state.transact(() => {
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await expect(state.transact((() => 5) as never)).rejects.toThrow(TypeError);
      await state.close();
    }),
  );

  it.each([
    ['plain', (n: number) => ({ n }), {}],
    ['dated', (n: number) => ({ n, at: new Date(n) }), {}],
    [
      'dated, with a dictionary',
      (n: number) => ({ n, at: new Date(n) }),
      { codec: msgpack<{ n: number } | { n: number }[]>({ structures: true }) },
    ],
    ['dated, with a check', (n: number) => ({ n, at: new Date(n) }), { check: () => {} }],
  ] as const)('meanwhile keeps an event as it was in the call: %s', (_, make, options) =>
    onDisk(async () => {
      const open = () =>
        DurableState.open<{ n: number }[], { n: number }>('/s', {
          initial: () => [],
          apply: (list, event) => {
            list.push(event);
          },
          ...options,
          checkpoint: {},
        });
      const state = await open();
      const transacted = state.transact(() => [make(0)]);
      const event = make(1);
      const committed = state.commit(event);
      event.n = 999;
      const batch = [make(2), make(3)];
      const batched = state.commitBatch(batch);
      (batch[0] as { n: number }).n = 888;
      batch.push(make(777));
      await Promise.all([transacted, committed, batched]);
      const wanted = [0, 1, 2, 3].map(make);
      expect(state.value).toEqual(wanted);
      await state.close();
      const again = await open();
      expect(again.value).toEqual(wanted);
      await again.close();
    })(),
  );

  it(
    'meanwhile gives check what the journal will give back, as without a transact',
    onDisk(async () => {
      const seen: unknown[] = [];
      const state = await DurableState.open<number, unknown>('/s', {
        initial: () => 0,
        apply: (count) => count + 1,
        check: (_, event) => {
          seen.push(event);
        },
      });
      const event = () => new Map([['a', 1]]);
      await state.commit(event());
      await Promise.all([state.transact(() => [event()]), state.commit(event())]);
      await state.commitBatch([event()]);
      expect(seen).toEqual(Array.from({ length: 4 }, () => ({ a: 1 })));
      await state.close();
    }),
  );

  it(
    'leaves the order of the calls the order of the seqs, whatever waits for it',
    onDisk(async () => {
      const nested: Promise<unknown>[] = [];
      const state = await openList('/s', {
        apply: (list, text, seq) => {
          list.push({ seq, text });
          if (text === 'decided 1') nested.push(state.commit('of apply'));
        },
        check: (_, text) => {
          if (text === 'of check') throw new Error('refused');
          if (text === 'first') nested.push(state.transact(() => ['of check, decided']));
        },
      });
      const refused: Promise<unknown>[] = [];
      const calls = [
        state.transact(() => {
          nested.push(state.commit('of decide'));
          nested.push(state.transact((list) => [`of decide, behind ${list.length}`]));
          return ['decided 1'];
        }),
        state.commit('first'),
        state.transact(() => []),
        state.commitBatch(['second', 'third']),
      ];
      refused.push(
        state.transact(() => {
          throw new Error('undecided');
        }),
        state.commit('of check'),
      );
      calls.push(state.transact((list) => [`decided 2, behind ${list.length}`]));
      calls.push(state.commit('last'));
      await Promise.all([...calls, ...refused.map(rejection)]);
      await Promise.all(nested);
      expect(state.value.map(({ text }) => text)).toEqual([
        'decided 1',
        'first',
        'second',
        'third',
        'decided 2, behind 4',
        'last',
        'of decide',
        'of decide, behind 7',
        'of apply',
        'of check, decided',
      ]);
    }),
  );

  it(
    'and what waits behind it are done before close resolves',
    onDisk(async () => {
      const state = await openList('/s');
      const calls = [
        state.commit('a'),
        state.transact((list) => [`b, behind ${list.length}`]),
        state.commit('c'),
        state.transact((list) => [`d, behind ${list.length}`]),
        state.commitBatch(['e', 'f']),
      ];
      const closed = state.close();
      expect(await rejection(state.transact(() => ['late']))).toMatchObject({
        code: 'ERR_TIDEMARK_CLOSED',
      });
      await closed;
      await Promise.all(calls);
      expect((await openList('/s')).value.map(({ text }) => text)).toEqual([
        'a',
        'b, behind 1',
        'c',
        'd, behind 3',
        'e',
        'f',
      ]);
    }),
  );

  it(
    'sees what other handles committed, and none of it is lost',
    onDisk(async () => {
      const open = () =>
        DurableState.open<{ n: number }, { from: number }>('/s', {
          initial: () => ({ n: 0 }),
          // An event that was decided on an old state would not be counted.
          apply: (counter, { from }) => {
            if (from === counter.n) counter.n += 1;
          },
          checkpoint: {},
        });
      const handles = await Promise.all([open(), open(), open()]);
      await Promise.all(
        handles.flatMap((state) =>
          Array.from({ length: 20 }, () => state.transact(({ n }) => [{ from: n }])),
        ),
      );
      const last = Math.max(...handles.map(({ seq }) => seq));
      expect(last).toBe(60);
      expect(handles.find(({ seq }) => seq === last)?.value).toEqual({ n: 60 });
      await Promise.all(handles.map((state) => state.close()));
    }),
  );
});

describe('an apply that throws', () => {
  const picky = {
    apply: (list: { seq: number; text: string }[], text: string, seq: number) => {
      if (text === 'bad') throw new Error('cannot');
      list.push({ seq, text });
    },
  };

  it(
    'poisons the state; the event is durable, and skip opens past it',
    onDisk(async () => {
      const state = await openList('/s', picky);
      const outcomes = await Promise.allSettled(
        ['event 1', 'bad', 'event 3'].map((text) => state.commit(text)),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(await rejection(state.commit('event 4'))).toMatchObject({
        code: 'ERR_TIDEMARK_APPLY',
        seq: 2,
        cause: { message: 'cannot' },
      });
      expect(await rejection(state.checkpoint())).toMatchObject({ code: 'ERR_TIDEMARK_APPLY' });
      await state.close();
      expect(await rejection(openList('/s', picky))).toMatchObject({
        code: 'ERR_TIDEMARK_APPLY',
        seq: 2,
      });
      const again = await openList('/s', { ...picky, onApplyError: 'skip' });
      expect(again.value).toEqual([
        { seq: 1, text: 'event 1' },
        { seq: 3, text: 'event 3' },
      ]);
      expect(again.recovery.skippedEvents).toMatchObject([
        { seq: 2, error: { message: 'cannot' } },
      ]);
      await commitTo(again, 4);
    }),
  );
});

describe.each(asynchronous)('%s', (_, result) => {
  const refusal = (name: string) => ({
    code: 'ERR_INVALID_ARG_TYPE',
    message: `${name} returned a promise: it has to be synchronous`,
  });
  const asked = result as () => never;

  it(
    'is refused from initial, and the next open is the first',
    onDisk(async () => {
      expectNothingUnhandled();
      expect(await rejection(openList('/s', { initial: asked }))).toMatchObject(refusal('initial'));
      expect((await openList('/s')).value).toEqual([]);
    }),
  );

  it(
    'is refused from check and decide, with nothing written',
    onDisk(async () => {
      expectNothingUnhandled();
      const state = await openList('/s', { check: asked });
      for (const error of await rejections([
        state.commit('a'),
        state.commitBatch(['a']),
        state.transact(() => ['a']),
        state.commit('a'),
      ])) {
        expect(error).toMatchObject(refusal('check'));
      }
      expect(await rejection(state.transact(asked))).toMatchObject(refusal('decide'));
      await state.close();
      expect((await openList('/s')).value).toEqual([]);
    }),
  );

  it(
    'is refused from apply and migrateEvent, as if they threw',
    onDisk(async () => {
      expectNothingUnhandled();
      const state = await openList('/s', { apply: asked });
      expect(await rejection(state.commit('event 1'))).toMatchObject({
        code: 'ERR_TIDEMARK_APPLY',
        cause: refusal('apply'),
      });
      await state.close();
      expect(await rejection(openList('/s', { migrateEvent: asked }))).toMatchObject({
        code: 'ERR_TIDEMARK_APPLY',
        cause: refusal('migrateEvent'),
      });
      expect((await openList('/s')).value).toEqual(textsTo(1));
    }),
  );

  it(
    'is refused from migrateState',
    onDisk(async () => {
      expectNothingUnhandled();
      const state = await openList('/s');
      await commitTo(state, 1);
      await state.checkpoint();
      await state.close();
      const open = (migrateState: () => never) => openList('/s', { version: 2, migrateState });
      expect(await rejection(open(asked))).toMatchObject(refusal('migrateState'));
      expect((await openList('/s')).value).toEqual(textsTo(1));
    }),
  );

  it(
    'is refused from a codec, before anything is written',
    onDisk(async () => {
      expectNothingUnhandled();
      const codec: Codec<unknown> = {
        name: 'own',
        encode: (value) => Buffer.from(JSON.stringify(value)),
        decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
      };
      for (const [function_, name] of [
        ['encode', 'codec.encode'],
        ['decode', 'codec.decode'],
      ] as const) {
        const broken = { ...codec, [function_]: asked } as Codec<never>;
        const state = await openList('/s', { codec: broken });
        expect(await rejection(state.commit('event 1'))).toMatchObject(refusal(name));
        await state.close();
      }
      const state = await openList('/s', { codec: codec as Codec<never> });
      expect(state.value).toEqual([]);
      await commitTo(state, 1);
      await state.checkpoint();
      await state.close();
      const broken = { ...codec, decode: asked } as Codec<never>;
      expect(await rejection(openList('/s', { codec: broken }))).toMatchObject({
        code: 'ERR_TIDEMARK_ENCODE',
        cause: refusal('codec.decode'),
      });
    }),
  );
});

describe('checkpoints', () => {
  it(
    'counts from the newest checkpoint to the next one, also from one on demand',
    onDisk(async () => {
      const state = await openList('/s', { checkpoint: { everyRecords: 5 } });
      await commitTo(state, 4);
      await state.checkpoint();
      await commitTo(state, 8);
      await state.close();
      expect(state.stats()).toMatchObject({ coveredSeq: 4, checkpoints: { saved: 1 } });
      const again = await openList('/s', { checkpoint: { everyRecords: 5 } });
      await commitTo(again, 9); // the fifth that no checkpoint covers
      await expect.poll(() => again.stats().coveredSeq).toBe(9);
    }),
  );

  it(
    'are due after so many events',
    onDisk(async () => {
      const state = await openList('/s', { checkpoint: { everyRecords: 10 } });
      for (const last of [10, 20]) {
        await commitTo(state, last);
        await expect.poll(() => state.stats().coveredSeq).toBe(last);
      }
      await commitTo(state, 25);
      await state.close();
      const again = await openList('/s');
      expect(again.recovery).toMatchObject({ checkpoint: { coveredSeq: 20 }, replayed: 5 });
      expect(again.value).toEqual(textsTo(25));
    }),
  );

  it(
    'are due after so many bytes',
    onDisk(async () => {
      const state = await openList('/s', { checkpoint: { everyBytes: 1000 } });
      for (let n = 0; n < 10; n++) await state.commit('x'.repeat(120));
      await expect.poll(() => state.stats().checkpoints.saved).toBe(1);
    }),
  );

  it(
    'are due so long after an event',
    onDisk(async () => {
      const state = await openList('/s', { checkpoint: { everyMs: 1 } });
      expect(state.stats().checkpoints.saved).toBe(0);
      await state.commit('event 1');
      await expect.poll(() => state.stats().coveredSeq).toBe(1);
    }),
  );

  it(
    'are due so long after an event that none covers: one on demand stops the clock',
    onDisk(async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const state = await openList('/s', { checkpoint: { everyMs: 1000 } });
        await state.commit('event 1');
        vi.advanceTimersByTime(900);
        await state.checkpoint();
        expect(vi.getTimerCount()).toBe(0);
        await state.commit('event 2');
        vi.advanceTimersByTime(999);
        expect(vi.getTimerCount()).toBe(1);
        vi.advanceTimersByTime(1);
        await expect.poll(() => state.stats().coveredSeq).toBe(2);
      } finally {
        vi.useRealTimers();
      }
    }),
  );

  it(
    'by time that fail are tried again after as long, also when nothing is committed',
    onDisk(async (disk) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const state = await openList('/s', { checkpoint: { everyMs: 1000 } });
        await state.commit('event 1');
        disk.fail('rename', 1, 'ENOSPC');
        vi.advanceTimersByTime(1000);
        await expect.poll(() => state.stats().checkpoints.failed).toBe(1);
        vi.advanceTimersByTime(1000);
        await expect.poll(() => state.stats().coveredSeq).toBe(1);
      } finally {
        vi.useRealTimers();
      }
    }),
  );

  it(
    'are saved on demand, and not twice of the same',
    onDisk(async () => {
      const state = await openList('/s');
      await commitTo(state, 3);
      expect(await state.checkpoint()).toEqual({ generation: 1 });
      expect(await state.checkpoint()).toEqual({ generation: 1 });
      await commitTo(state, 4);
      expect(await state.checkpoint()).toEqual({ generation: 2 });
      expect(state.stats()).toMatchObject({ generation: 2, coveredSeq: 4 });
      expect(state.stats().checkpoints.pauseMs).toBeGreaterThan(0);
    }),
  );

  it(
    'that fail leave the state going, and the next one is tried',
    onDisk(async (disk) => {
      const state = await openList('/s', { checkpoint: { everyRecords: 5 } });
      disk.fail('rename', 1, 'ENOSPC');
      await commitTo(state, 5);
      await expect.poll(() => state.stats().checkpoints.failed).toBe(1);
      expect(state.stats().checkpoints.failure).toMatchObject({ code: 'ERR_TIDEMARK_NO_SPACE' });
      await commitTo(state, 10);
      await expect.poll(() => state.stats().coveredSeq).toBe(10);
      expect(state.stats().checkpoints.failure).toBeUndefined();
    }),
  );

  it(
    'on demand that fail count for nothing: the next one is due when it was',
    onDisk(async (disk) => {
      const state = await openList('/s', { checkpoint: { everyRecords: 5 } });
      await commitTo(state, 4);
      disk.fail('rename', 1, 'ENOSPC');
      await expect(state.checkpoint()).rejects.toMatchObject({ code: 'ERR_TIDEMARK_NO_SPACE' });
      await commitTo(state, 5);
      await expect.poll(() => state.stats().coveredSeq).toBe(5);
    }),
  );

  it(
    'hold a Map or a Set in slices, of the moment at which they began',
    onDisk(async () => {
      const open = () =>
        DurableState.open<Map<string, number>, [string, number]>('/s', {
          initial: () => new Map(),
          apply: (map, [key, n]) => {
            map.set(key, n);
          },
          checkpoint: {},
        });
      const state = await open();
      await state.commitBatch(
        Array.from({ length: 20_000 }, (_, n): [string, number] => [`key ${n}`, n]),
      );
      const saving = state.checkpoint();
      const commits: Promise<number>[] = [];
      for (let n = 0; n < 50; n++) commits.push(state.commit([`key ${n}`, -1]));
      await Promise.all(commits);
      await saving;
      expect(state.stats().checkpoints.slices).toBeGreaterThan(2);
      const live = [...state.value];
      const { coveredSeq } = state.stats();
      await state.close();
      const again = await open();
      expect(again.recovery.checkpoint?.coveredSeq).toBe(coveredSeq);
      expect([...again.value]).toEqual(live);
      await again.close();
    }),
  );

  it(
    'hold what apply changes in place as it was at one event',
    onDisk(async () => {
      const open = () =>
        DurableState.open<Map<string, { n: number }>, string>('/s', {
          initial: () => new Map(),
          apply: (map, key) => {
            const entry = map.get(key) ?? { n: 0 };
            entry.n += 1;
            map.set(key, entry);
          },
          checkpoint: {},
        });
      const state = await open();
      const entries = 20_000;
      await state.commitBatch(Array.from({ length: entries }, (_, n) => `key ${n}`));
      let saved = false;
      const saving = state.checkpoint().then(() => {
        saved = true;
      });
      // At the end of the Map: a slice of it is encoded last.
      while (!saved) await state.commit(`key ${entries - 1 - (state.seq % 50)}`);
      await saving;
      const { seq } = state;
      await state.close();
      const again = await open();
      const counts = [...again.value.values()].map(({ n }) => n);
      expect(again.recovery.checkpoint?.coveredSeq).toBeLessThanOrEqual(seq);
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(seq);
      await again.close();
    }),
  );

  it.each([
    ['an object', { a: [1, { b: null }], nested: new Map([['x', new Set([1])]]) }],
    ['a Set', new Set(['a', 'b'])],
    ['a number', 5],
    ['null', null],
    ['an array', [new Date(5), 10n]],
  ])('hold %s', (_, value) =>
    onDisk(async () => {
      const open = () =>
        DurableState.open<unknown, unknown>('/s', {
          initial: () => 'nothing',
          apply: () => value,
          checkpoint: {},
        });
      const state = await open();
      await state.commit('set');
      await state.checkpoint();
      await state.close();
      const again = await open();
      expect(again.recovery.replayed).toBe(0);
      expect(again.value).toEqual(value);
      await again.close();
    })(),
  );
});

describe('versions', () => {
  it(
    'migrate the value and the events',
    onDisk(async () => {
      const first = await DurableState.open<{ n: number }, number>('/s', {
        initial: () => ({ n: 0 }),
        apply: (state, n) => {
          state.n += n;
        },
        checkpoint: {},
      });
      await first.commit(1);
      await first.checkpoint();
      await first.commit(2);
      await first.close();
      const options = {
        initial: () => ({ sum: 0 }),
        apply: (state: { sum: number }, event: { add: number }) => {
          state.sum += event.add;
        },
        version: 2,
        migrateEvent: (event: unknown) =>
          (typeof event === 'number' ? { add: event } : event) as never,
        checkpoint: {},
      };
      const refused = DurableState.open<{ sum: number }, { add: number }>('/s', options);
      expect(await rejection(refused)).toMatchObject({ code: 'ERR_TIDEMARK_VERSION' });
      const second = await DurableState.open<{ sum: number }, { add: number }>('/s', {
        ...options,
        migrateState: (state, version) => ({ sum: (state as { n: number }).n * version }),
      });
      expect(second.value).toEqual({ sum: 3 });
      await second.commit({ add: 4 });
      expect(second.value).toEqual({ sum: 7 });
      await second.checkpoint();
      await second.close();
      const third = await DurableState.open<{ sum: number }, { add: number }>('/s', options);
      expect(third.value).toEqual({ sum: 7 });
      await third.close();
      expect(await rejection(openList('/s'))).toMatchObject({ code: 'ERR_TIDEMARK_VERSION' });
    }),
  );
});

describe('several states on one journal', () => {
  it(
    'share the events, and the records go when none needs them',
    onDisk(async () => {
      const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
      const open = (name: string) => openList('/states', { journal, name, keep: 1 });
      const [a, b] = [await open('a'), await open('b')];
      await commitTo(a, 20);
      await expect.poll(() => b.seq).toBe(20);
      expect(b.value).toEqual(textsTo(20));
      await a.checkpoint();
      expect(journal.firstSeq).toBe(1);
      await b.close();
      await commitTo(a, 30);
      await a.checkpoint();
      expect(journal.firstSeq).toBe(1);
      const again = await open('b');
      expect(again.value).toEqual(textsTo(30));
      await again.checkpoint();
      await commitTo(a, 31);
      await a.checkpoint();
      expect(journal.firstSeq).toBe(31);
      await a.close();
      await again.close();
      await journal.append('event 32');
      await journal.close();
    }),
  );
});

describe('options', () => {
  it('are checked', async () => {
    const directory = temporaryDirectory();
    for (const options of [
      { initial: 5 },
      { apply: undefined },
      { checkpoint: { everyRecords: 0 } },
      { checkpoint: { every: 5 } },
      { keep: 0 },
      { name: 'a/b' },
      { name: 'journal' },
      { journal: {} },
      { onApplyError: 'ignore' },
      { checkpointDurability: 'never' },
      { everyRecords: 5 },
    ]) {
      await expect(openList(directory, options as never)).rejects.toThrow(/must|not an option/);
    }
    const journal = await openJournal<string>(join(directory, 'j'));
    await journal.close();
    const readOnly = await Journal.open<string>(join(directory, 'j'), { readOnly: true });
    expect(await rejection(openList(directory, { journal: readOnly }))).toMatchObject({
      code: 'ERR_TIDEMARK_READ_ONLY',
    });
    await readOnly.close();
  });
});

describe('random calls that nobody awaits', () => {
  const call = fc.oneof(
    { weight: 4, arbitrary: fc.constant('commit' as const) },
    { weight: 2, arbitrary: fc.record({ batch: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 4, arbitrary: fc.record({ transact: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 1, arbitrary: fc.constantFrom('refused', 'undecided', 'checkpoint', 'turn') },
  );

  it('have the seqs of their order, and each decides on all that was called before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 30 }), fc.nat(), async (calls, seed) => {
        await new SimulatedDisk({ seed }).run(async () => {
          const open = () =>
            openList('/s', { schema: z.string(), checkpoint: { everyRecords: 9 } });
          const state = await open();
          const model: { seq: number; text: string }[] = [];
          const add = (text: string) => {
            model.push({ seq: model.length + 1, text });
            return text;
          };
          const decided = (count: number, seen: number) =>
            Array.from({ length: count }, (_, n) => `decision ${n} on ${seen}`);
          const wanted: unknown[] = [];
          const settled: Promise<unknown>[] = [];
          const expectOf = (promise: Promise<unknown>, result: unknown) => {
            settled.push(promise.catch((error: Error) => error.message));
            wanted.push(result);
          };
          for (const each of calls) {
            const firstSeq = model.length + 1;
            if (each === 'commit') {
              expectOf(state.commit(add(`commit ${firstSeq}`)), firstSeq);
            } else if (each === 'refused') {
              expectOf(state.commit(5 as never), expect.stringContaining('schema'));
            } else if (each === 'undecided') {
              const undecided = () => {
                throw new Error('undecided');
              };
              expectOf(state.transact(undecided), 'undecided');
            } else if (each === 'checkpoint') {
              expectOf(state.checkpoint(), { generation: expect.any(Number) });
            } else if (each === 'turn') {
              await new Promise((resolve) => setImmediate(resolve));
            } else if ('batch' in each) {
              const texts = textsTo(each.batch).map(({ text }) =>
                add(`batch ${firstSeq}: ${text}`),
              );
              expectOf(state.commitBatch(texts), { firstSeq, lastSeq: model.length });
            } else {
              const { transact: count } = each;
              const seen = model.length;
              for (const text of decided(count, seen)) add(text);
              const range = { firstSeq, lastSeq: model.length };
              expectOf(
                state.transact((list) => decided(count, list.length)),
                count === 0 ? undefined : range,
              );
            }
          }
          expect(await Promise.all(settled)).toEqual(wanted);
          expect(state.value).toEqual(model);
          await state.close();
          const again = await open();
          expect(again.value).toEqual(model);
          await again.close();
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe('a random history', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ commit: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ batch: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.constant({ checkpoint: true }) },
    { weight: 1, arbitrary: fc.constant({ reopen: true }) },
    { weight: 1, arbitrary: fc.constant({ cut: true }) },
  );

  it('gives the value of all acknowledged events, each once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.nat(), async (steps, seed) => {
        const disk = new SimulatedDisk({ seed });
        await disk.run(async () => {
          const open = () => openList('/s', { checkpoint: { everyRecords: 7 } });
          let state = await open();
          let last = 0;
          for (const each of steps) {
            if ('commit' in each) {
              const texts = textsTo(last + each.commit, last + 1);
              await Promise.all(texts.map(({ text }) => state.commit(text)));
              last += each.commit;
            } else if ('batch' in each) {
              await state.commitBatch(textsTo(last + each.batch, last + 1).map(({ text }) => text));
              last += each.batch;
            } else if ('checkpoint' in each) await state.checkpoint();
            else if ('reopen' in each) {
              await state.close();
              state = await open();
            } else {
              disk.cut();
              await state.close().catch(() => {});
              state = await open();
            }
            expect(state.value).toEqual(textsTo(last));
          }
          await state.close();
        });
      }),
      { numRuns: 15 },
    );
  });
});
