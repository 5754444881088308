// The n-th call of each kind fails, in the journal or in the checkpoints of a state: every outcome is a
// typed error, and what is opened afterwards holds every event that was acknowledged, each once.
import { type DurableState, Journal, TidemarkError } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { diskCallKinds } from '../support/disk-calls';
import { range } from '../support/journals';
import { type List, openList } from './states';

const codes = ['EIO', 'ENOSPC', 'EMFILE'];
const allowed = new Set(['ERR_TIDEMARK_IO', 'ERR_TIDEMARK_NO_SPACE', 'ERR_TIDEMARK_POISONED']);
/** Two of them do not fit into the smallest segment, so that a checkpoint lets go of files. */
const eventBytes = 40_000;
const textOf = (n: number): string => `event ${n} `.padEnd(eventBytes, '.');

interface Account {
  acknowledged: Set<string>;
  /** Of commits that rejected, and must not come back. */
  refused: Set<string>;
  failures: number;
}

const newAccount = (): Account => ({ acknowledged: new Set(), refused: new Set(), failures: 0 });

async function attempt(account: Account, work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TidemarkError);
    expect(allowed).toContain((error as TidemarkError).code);
    account.failures += 1;
    return error as Error;
  }
}

function expectAccount(value: List, { acknowledged, refused }: Account): void {
  expect(value.map(({ seq }) => seq)).toEqual(range(1, value.length));
  const texts = value.map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
  for (const text of acknowledged) expect(texts).toContain(text);
  for (const text of texts) expect(refused).not.toContain(text);
}

interface Opened {
  journal: Journal<string>;
  state: DurableState<List, string>;
}

async function open(): Promise<Opened> {
  const journal = await Journal.open<string>('/j', { segmentBytes: 65_536 });
  try {
    return { journal, state: await openList('/s', { journal, keep: 2 }) };
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}

async function close({ state, journal }: Opened): Promise<void> {
  try {
    await state.close();
  } finally {
    await journal.close();
  }
}

/** Commits, saves and opens again; goes on after every failure. */
async function run(account: Account): Promise<void> {
  let number = 0;
  for (let round = 0; round < 3; round++) {
    let opened: Opened | undefined;
    const refusal = await attempt(account, async () => {
      opened = await open();
    });
    if (refusal !== undefined || opened === undefined) continue;
    const { state } = opened;
    expectAccount(state.value, account);
    for (let n = 0; n < 4; n++) {
      const text = textOf(++number);
      const error = await attempt(account, async () => state.commit(text));
      if (error === undefined) account.acknowledged.add(text);
      else if ((error as TidemarkError).outcome === 'not-written') account.refused.add(text);
      else expect((error as TidemarkError).outcome).toBe('unknown');
      if (n % 2 === 1) await attempt(account, () => state.checkpoint());
    }
    const seen = [...state.value];
    await attempt(account, () => close(opened as Opened));
    expectAccount(seen, { ...account, refused: new Set() });
  }
}

const full = process.env['TIDEMARK_FAULT_LOOPS'] === 'full';
/** Of one kind; the calls between them are those of the full loops. */
const fewCases = 4;

/** Every case, or a few that are spread over all calls and meet every code. */
function casesOf(calls: number): { nth: number; code: string }[] {
  if (full) return range(1, calls).flatMap((nth) => codes.map((code) => ({ nth, code })));
  const count = Math.min(calls, fewCases);
  return range(0, count - 1).map((index) => ({
    nth: 1 + Math.floor((index * calls) / count),
    code: codes[index % codes.length] as string,
  }));
}

describe('the n-th call fails', () => {
  it.each(diskCallKinds)(
    'of the kind %s: typed errors, what is acknowledged is there once, what is refused is not',
    async (kind) => {
      const sound = new SimulatedDisk();
      await sound.run(() => run(newAccount()));
      const calls = sound.calls().filter((call) => call.kind === kind).length;
      expect(calls).toBeGreaterThan(0);
      let hits = 0;
      for (const { nth, code } of casesOf(calls)) {
        const disk = new SimulatedDisk({ seed: nth });
        await disk.run(async () => {
          disk.fail(kind, nth, code);
          const account = newAccount();
          await run(account);
          hits += account.failures;
          // Without the fault, and without what was not durable.
          disk.cut({ keep: nth % 2 === 0 ? 'none' : 'random' });
          const after = await open();
          expectAccount(after.state.value, account);
          const before = after.state.value.length;
          expect(await after.state.commit('after')).toBe(before + 1);
          await after.state.checkpoint();
          await close(after);
        });
      }
      // A failed unlink is litter, a failed stat may be of a file that is only looked for, ...
      if (kind === 'write' || kind === 'sync') expect(hits).toBeGreaterThan(2);
    },
    full ? 600_000 : undefined,
  );
});
