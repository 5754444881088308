// Acknowledgements come by way of the event loop, and other work of the program has to get its turn.
import { describe, expect, it } from 'vitest';
import { openJournal, temporaryDirectory } from '../support/journals';

const callers = 16_384;
// Where the disk is as quick as the callers all of a wave are acknowledged at once: a turn for each wave is
// what is certain, and 13 of them are more than 12.
const waves = 13;
const records = waves * callers;

/** Appends of many callers, each awaiting its own; resolves with the turns of the loop meanwhile. */
async function turnsWhile(append: (value: number) => Promise<number>): Promise<number> {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  let next = 0;
  const caller = async () => {
    while (next < records) await append(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  running = false;
  return turns;
}

describe('the event loop', () => {
  it('turns while thousands of callers append, each as soon as it was acknowledged', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    expect(await turnsWhile((value) => journal.append(value))).toBeGreaterThan(12);
    expect(journal.lastSeq).toBe(records);
  });
});
