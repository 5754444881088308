// Commits so many events, with a checkpoint that covers the first `covered` of them; how long an open
// takes in front of that checkpoint.
import { answer, childInput } from '../support.mjs';
import { eventOf, openCounters } from './counters.mjs';

const BATCH = 10_000;

const { directory, events, covered } = childInput();

async function commitTo(state, last) {
  while (state.seq < last) {
    const count = Math.min(BATCH, last - state.seq);
    await state.commitBatch(Array.from({ length: count }, (_, i) => eventOf(state.seq + i)));
  }
}

const begun = performance.now();
let state = await openCounters(directory);
await commitTo(state, covered);
const filled = performance.now() - begun;
await state.close();
const opening = performance.now();
state = await openCounters(directory);
const wholeReplayMs = performance.now() - opening;
await state.checkpoint();
const going = performance.now();
await commitTo(state, events);
await state.close();
answer({
  seconds: Math.round(filled + performance.now() - going) / 1000,
  wholeReplayMs,
});
