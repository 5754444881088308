// Opens the state and closes it; how long the open took, and what it applied.
import { crc32c } from '../../../dist/index.mjs';
import { answer, childInput } from '../support.mjs';
import { openCounters, sumOf } from './counters.mjs';

const { directory } = childInput();
crc32c(Buffer.from('the addon is loaded before anything is measured'));
const begun = performance.now();
const state = await openCounters(directory);
const milliseconds = performance.now() - begun;
const { replayed } = state.recovery;
const { seq } = state;
const sum = sumOf(state.value);
await state.close();
answer({ milliseconds, replayed, seq, sum });
