// Callbacks that give a promise where a value is wanted, and what their rejections do to the process.
import { expect, onTestFinished } from 'vitest';

/** Ways in which a callback can be asynchronous by mistake. */
export const asynchronous: [string, () => unknown][] = [
  ['a promise', () => Promise.resolve(1)],
  ['a promise that rejects', () => Promise.reject(new Error('nobody looks'))],
  ['a thenable', () => Object.fromEntries([['then', () => {}]])],
];

/** Expects, at the end of the test, that no rejection was left to the process. */
export function expectNothingUnhandled(): void {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
}
