// The state of the campaign: counters under a thousand keys.
import { DurableState } from '../../../dist/index.mjs';

const KEYS = 1000;

export const openCounters = (directory) =>
  DurableState.open(directory, {
    initial: () => new Map(),
    apply: (counters, { key, add }) => {
      counters.set(key, (counters.get(key) ?? 0) + add);
    },
    checkpoint: {},
  });

export const eventOf = (n) => ({ key: `key ${n % KEYS}`, add: 1 });

export const sumOf = (counters) => [...counters.values()].reduce((sum, count) => sum + count, 0);
