// No log: one native thread (that of `tidemark doctor`) writes a block, which is what a commit of one
// record needs, and makes it durable, again and again, in a file that is there already. It can be done
// in three ways; the figures are those of the one with the lowest median.
import { measure as measureDisk } from '../../../dist/cli/disk-facts.js';
import { quantile } from '../statistics.mjs';

const MODES = ['zero-filled', 'direct', 'direct-dsync'];
const BLOCK_BYTES = 4096;
const NS_PER_MS = 1e6;
/** As of the records of a log: the first fifth is not counted. */
const WARM_PART = 1 / 5;

async function measureMode(directory, mode, count, limitMs) {
  const part = (share) => ({
    bytes: BLOCK_BYTES,
    count: Math.ceil(count * share),
    maxMs: Math.ceil(limitMs * share),
  });
  await measureDisk(directory, mode, part(WARM_PART));
  const { samples, refused, bytes } = await measureDisk(directory, mode, part(1 - WARM_PART));
  if (refused !== undefined || samples.length === 0) return undefined;
  const ascending = samples.map((nanoseconds) => nanoseconds / NS_PER_MS).sort();
  const seconds = ascending.reduce((sum, ms) => sum + ms, 0) / 1000;
  return {
    mode,
    bytes,
    records: ascending.length,
    appended: ascending.length,
    limited: ascending.length < Math.ceil(count * (1 - WARM_PART)),
    seconds,
    perSecond: ascending.length / seconds,
    p50: quantile(ascending, 0.5),
    p99: quantile(ascending, 0.99),
    p999: quantile(ascending, 0.999),
    samples: ascending.length,
  };
}

export async function measure(directory, { records, limitMs }) {
  const all = [];
  for (const mode of MODES) {
    const figures = await measureMode(directory, mode, records, limitMs / MODES.length);
    if (figures) all.push(figures);
  }
  if (all.length === 0) throw new Error('no way to write to this disk works');
  const fastest = all.reduce((best, one) => (one.p50 < best.p50 ? one : best));
  const { user, system } = process.cpuUsage();
  return {
    ...fastest,
    ways: Object.fromEntries(all.map(({ mode, p50 }) => [mode, p50])),
    processorSeconds: (user + system) / 1e6,
  };
}
