// The diagnostics channels: what is published, and nothing without subscribers.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CommitEvent, OpenEvent, RotateEvent, SealEvent } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openJournal, range, temporaryDirectory } from '../support/journals';

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
