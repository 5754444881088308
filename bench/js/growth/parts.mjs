// The parts, in the order of the page: { name, title, run, section, targets }. `run` gives figures that
// can be kept as JSON, the other two make the page of them.
import { checksum } from './parts/checksum.mjs';
import { followers } from './parts/followers.mjs';
import { memory } from './parts/memory.mjs';
import { open } from './parts/open.mjs';
import { reading } from './parts/reading.mjs';
import { rotation } from './parts/rotation.mjs';
import { size } from './parts/size.mjs';
import { workers } from './parts/workers.mjs';

export const parts = [size, open, memory, rotation, workers, followers, reading, checksum];
