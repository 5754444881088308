// state dump beside a program that saves checkpoints and releases events at the worst moments.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DurableState, Journal } from 'tidemark';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Output } from '#lib/cli/output';
import { dump } from '#lib/cli/state';
import { lines, root, temporaryDirectory } from './run';

type Sum = { sum: number };
type Event = { n: number; padding: string };
interface Line {
  checkpoint?: { generation: number; coveredSeq: number };
  value?: Sum;
  seq?: number;
  event?: Event;
}

const reading = createRequire(import.meta.url)(join(root, 'dist', 'state', 'reading.js')) as {
  readNewestCheckpoint: (dir: string, name?: string) => Promise<unknown>;
};

async function openState(directory: string): Promise<DurableState<Sum, Event>> {
  // Small segments: an event is gone when its segment is.
  const journal = await Journal.open<Event>(join(directory, 'journal'), { segmentBytes: 65_536 });
  onTestFinished(() => journal.close().catch(() => {}));
  const state = await DurableState.open<Sum, Event>(directory, {
    journal,
    initial: () => ({ sum: 0 }),
    apply: (value, event) => {
      value.sum += event.n;
    },
    keep: 1,
  });
  onTestFinished(() => state.close().catch(() => {}));
  return state;
}

const padding = 'x'.repeat(1000);

/** Commits so many events, and waits until they are shown to others. */
async function commit(directory: string, state: DurableState<Sum, Event>, events: number) {
  const before = state.seq;
  const all = Array.from({ length: events }, () => state.commit({ n: 1, padding }));
  await Promise.all(all);
  const beside = await Journal.open(join(directory, 'journal'), { readOnly: true });
  await beside.waitFor(before + events);
  await beside.close();
}

/** Commits events, and saves a checkpoint that releases all of them. */
async function overtake(directory: string, state: DurableState<Sum, Event>, events: number) {
  await commit(directory, state, events);
  await state.checkpoint();
}

/** Dumps, and calls `onLine` before each line is let out. */
async function dumped(
  directory: string,
  onLine: (line: Line, count: number) => Promise<void> = async () => {},
): Promise<Line[]> {
  let text = '';
  let count = 0;
  const stream = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write: (chunk: string, _, done) => {
      text += chunk;
      count += 1;
      if (chunk === '') done();
      else onLine(JSON.parse(chunk) as Line, count).then(() => done(), done);
    },
  });
  const out = new Output(stream);
  const err = new Writable({ write: (_chunk, _encoding, done) => done() });
  await dump({ out, err }, directory, {});
  await out.flush();
  return lines(text).map((line) => JSON.parse(line) as Line);
}

/** The value that the lines give; every event behind a checkpoint is the next one. */
function follow(dump: readonly Line[]): { seq: number; sum: number; checkpoints: number } {
  let [seq, sum, checkpoints] = [0, 0, 0];
  for (const line of dump) {
    if (line.checkpoint !== undefined) {
      expect(line.checkpoint.coveredSeq).toBeGreaterThanOrEqual(seq);
      seq = line.checkpoint.coveredSeq;
      sum = line.value?.sum ?? Number.NaN;
      checkpoints += 1;
    } else {
      expect(line.seq).toBe(seq + 1);
      seq += 1;
      sum += line.event?.n ?? Number.NaN;
    }
  }
  return { seq, sum, checkpoints };
}

describe('state dump beside its program', () => {
  it('begins with the newer checkpoint when events go before one was printed', async () => {
    const directory = temporaryDirectory();
    const state = await openState(directory);
    await overtake(directory, state, 10);
    await commit(directory, state, 3);
    const original = reading.readNewestCheckpoint;
    let looks = 0;
    const spy = vi.spyOn(reading, 'readNewestCheckpoint').mockImplementation(async (...args) => {
      const found = await original(...args);
      looks += 1;
      if (looks === 1) await overtake(directory, state, 5);
      return found;
    });
    onTestFinished(() => spy.mockRestore());
    expect(follow(await dumped(directory))).toEqual({ seq: 18, sum: 18, checkpoints: 1 });
    expect(looks).toBe(2);
  });

  it('goes on with the newer checkpoint when events go behind printed ones', async () => {
    const directory = temporaryDirectory();
    const state = await openState(directory);
    await overtake(directory, state, 10);
    // More than a read holds at once.
    await commit(directory, state, 2000);
    const all = await dumped(directory, async (_, count) => {
      if (count === 2) await overtake(directory, state, 5);
    });
    expect(follow(all)).toEqual({ seq: 2015, sum: 2015, checkpoints: 2 });
    expect(all.length).toBeLessThan(2000);
  });

  it('names events that are missing though no checkpoint covers them', async () => {
    const directory = temporaryDirectory();
    const state = await openState(directory);
    await overtake(directory, state, 10);
    const original = await reading.readNewestCheckpoint(directory);
    await overtake(directory, state, 5);
    const spy = vi.spyOn(reading, 'readNewestCheckpoint').mockResolvedValue(original);
    onTestFinished(() => spy.mockRestore());
    await commit(directory, state, 1);
    await expect(dumped(directory)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('ERR_TIDEMARK_TRUNCATED'),
    });
  });
});
