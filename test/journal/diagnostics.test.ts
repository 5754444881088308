// The diagnostics channels: what is published, and nothing without subscribers.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CommitEvent, OpenEvent, RotateEvent, SealEvent } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { child, openJournal, range, temporaryDirectory } from '../support/journals';

/** Events of one directory. */
function listenTo<E extends { directory: string }>(channel: string, directory: string): E[] {
  const events: E[] = [];
  const listener = (event: unknown) => {
    if ((event as E).directory === directory) events.push(event as E);
  };
  subscribe(channel, listener);
  onTestFinished(() => {
    unsubscribe(channel, listener);
  });
  return events;
}

/** The seqs of commits, in the order in which they were told. */
const seqsOf = (commits: readonly (readonly [number, number])[]) =>
  commits.flatMap(([first, last]) => range(first, last));
const pairs = (events: readonly CommitEvent[]) =>
  events.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq] as const);

/** A worker that listens, too: children/listener.mjs. */
async function listeningWorker(directory: string) {
  const worker = new Worker(child('listener.mjs'), { argv: [directory] });
  onTestFinished(async () => {
    await worker.terminate();
  });
  await once(worker, 'message');
  return {
    async ask<Answer>(message: object): Promise<Answer> {
      worker.postMessage(message);
      const [answer] = await once(worker, 'message');
      return answer as Answer;
    },
  };
}

describe('diagnostics channels', () => {
  it('tidemark:open says which journal and what its recovery found', async () => {
    const directory = temporaryDirectory();
    const events = listenTo<OpenEvent>('tidemark:open', directory);
    const recovered = listenTo<OpenEvent>('tidemark:recover', directory);
    const journal = await openJournal(directory);
    expect(events).toEqual([
      { directory, id: journal.id, readOnly: false, recovery: journal.recovery },
    ]);
    expect(recovered).toEqual([]);
  });

  it('tidemark:commit covers every record once, in order', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    const events = listenTo<CommitEvent>('tidemark:commit', directory);
    for (const n of range(1, 20)) await Promise.all([journal.append(n), journal.append(n)]);
    await journal.close();
    let next = 1;
    for (const { firstSeq, lastSeq, records, segment, durationMs } of events) {
      expect(firstSeq).toBe(next);
      expect(records).toBe(lastSeq - firstSeq + 1);
      expect(segment).toBe(1);
      expect(durationMs).toBeGreaterThan(0);
      next = lastSeq + 1;
    }
    expect(next).toBe(41);
  });

  it('tell every thread that has a handle of every commit, whoever appends', async () => {
    const directory = temporaryDirectory();
    const events = listenTo<CommitEvent>('tidemark:commit', directory);
    const journal = await openJournal<number>(directory);
    const worker = await listeningWorker(directory);
    const other = worker.ask({ append: 100 });
    for (const n of range(1, 100)) await journal.append(n);
    await other;
    const { commits } = await worker.ask<{ commits: [number, number][] }>({ close: true });
    await journal.close();
    expect(seqsOf(commits)).toEqual(range(1, 200));
    expect(seqsOf(pairs(events))).toEqual(range(1, 200));
  });

  it('tell a thread that only listens while another appends', async () => {
    const directory = temporaryDirectory();
    const told = new Promise<void>((resolve) => {
      const listener = (event: unknown) => {
        const { directory: of, lastSeq } = event as CommitEvent;
        if (of === directory && lastSeq === 10) resolve();
      };
      subscribe('tidemark:commit', listener);
      onTestFinished(() => {
        unsubscribe('tidemark:commit', listener);
      });
    });
    await openJournal<number>(directory);
    const worker = await listeningWorker(directory);
    await worker.ask({ append: 10 });
    await told;
  });

  it('tell of each commit once, however many handles a thread has and closes', async () => {
    const directory = temporaryDirectory();
    const events = listenTo<CommitEvent>('tidemark:commit', directory);
    const journals = [];
    for (const _ of range(1, 3)) journals.push(await openJournal<number>(directory));
    for (const [index, journal] of journals.entries()) {
      const open = journals.slice(index);
      for (const n of range(1, 10)) await Promise.all(open.map((one) => one.append(n)));
      await journal.close();
    }
    expect(seqsOf(pairs(events))).toEqual(range(1, 60));
  });

  it('tidemark:rotate and tidemark:seal tell of every segment', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<Uint8Array>(directory, {
      codec: 'binary',
      segmentBytes: 65_536,
    });
    const rotated = listenTo<RotateEvent>('tidemark:rotate', directory);
    const sealed = listenTo<SealEvent>('tidemark:seal', directory);
    for (const byte of range(1, 20)) await journal.append(Buffer.alloc(20_000, byte));
    const segments = journal.segments();
    await journal.close();
    expect(rotated.map(({ segment }) => segment)).toEqual(segments.slice(1).map(({ id }) => id));
    expect(sealed.map(({ segment }) => segment)).toEqual(segments.slice(0, -1).map(({ id }) => id));
  });

  it('a subscriber may append', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<string>(directory);
    let echo: Promise<number> | undefined;
    const listener = (event: unknown) => {
      if ((event as CommitEvent).directory === directory) echo ??= journal.append('echo');
    };
    subscribe('tidemark:commit', listener);
    onTestFinished(() => {
      unsubscribe('tidemark:commit', listener);
    });
    await journal.append('first');
    await journal.append('second');
    expect(await echo).toBeGreaterThan(1);
  });
});
