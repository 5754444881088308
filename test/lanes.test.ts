// How the suites of `npm test` run beside each other (scripts/lanes.mjs).
import { describe, expect, it } from 'vitest';
import { inLanes, ofThisJob } from '../scripts/lanes.mjs';

/** A job that says its name when it begins, waits, and says so when it goes on. */
function speaking(name: string, lane: string, until: Promise<void>) {
  const run = async () => {
    ofThisJob().say(`${name} begins`);
    await until;
    ofThisJob().say(`${name} ends`);
  };
  return { name, lane, run };
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('jobs in lanes', () => {
  it('speak one after the other, the one that began first at once', async () => {
    const heard: string[] = [];
    const [first, second] = [gate(), gate()];
    const ended = inLanes(
      [
        speaking('a', 'left', first.opened),
        speaking('b', 'right', second.opened),
        speaking('c', 'right', Promise.resolve()),
      ],
      (text: string) => {
        heard.push(text);
        if (text === 'a begins') second.open();
      },
    );
    await second.opened;
    // Until then b ends, and c begins and ends, which nobody hears yet.
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['a begins']);
    first.open();
    await ended;
    expect(heard).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('wait for those of their lane', async () => {
    const events: string[] = [];
    const job = (name: string) => ({
      name,
      lane: 'one',
      run: async () => {
        events.push(`+${name}`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`-${name}`);
      },
    });
    await inLanes([job('a'), job('b'), job('c')]);
    expect(events).toEqual(['+a', '-a', '+b', '-b', '+c', '-c']);
  });

  it('run beside those of another lane', async () => {
    const { open, opened } = gate();
    // The first can only end when the second has run.
    const first = { name: 'a', lane: 'left', run: () => opened };
    const second = { name: 'b', lane: 'right', run: async () => open() };
    await inLanes([first, second], () => {});
  });
});
