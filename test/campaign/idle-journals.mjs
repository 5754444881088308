// Many journals open and idle in one process: threads, descriptors, memory and processor time of
// each; and that all of it is given back.
import { claim, runChild } from './support.mjs';

export async function idleJournals({ directory, journals, idleMs }) {
  const result = await runChild('idle', { directory, journals, idleMs });
  const each = (what) => (result.open[what] - result.before[what]) / journals;
  return {
    figures: {
      journals,
      ...result,
      threadsEach: each('threads'),
      descriptorsEach: each('descriptors'),
      residentKiBEach: Math.round(each('residentBytes') / 1024),
    },
    claims: [
      claim(
        // The event loop keeps one, by which it is told of the ends of writes, and the process one
        // for the sync of a directory when there is no other left.
        'after they are closed there are as many descriptors as after the first was',
        result.closed.descriptors <= result.oneClosed.descriptors &&
          result.oneClosed.descriptors <= result.before.descriptors + 2,
        result.closed.descriptors,
        result.oneClosed.descriptors,
      ),
      claim(
        'after they are closed no thread of a journal is left',
        result.closed.threads <= result.oneClosed.threads,
        result.closed.threads,
        result.oneClosed.threads,
      ),
      claim(
        'idle journals write nothing',
        result.idle.syncs === 0 && result.idle.bytesWritten === 0,
        result.idle,
        0,
      ),
    ],
  };
}
