// One system, one case, one fresh directory, in a process of its own; the figures go to standard
// output as JSON. Arguments: system, case, directory, warm-up and measured milliseconds.
import { cases } from './cases.mjs';
import { BINARY_BYTES, binaryRecord, measure, OBJECT_BYTES, record } from './workload.mjs';

const [system, caseName, directory, warmMs, measuredMs] = process.argv.slice(2);
const { callers, perCall = 1, binary = false } = cases[caseName];
const { open } = await import(`./systems/${system}.mjs`);

const log = await open(directory, { binary });
const make = binary ? binaryRecord : record;
const append =
  perCall === 1
    ? (n) => log.append(make(n))
    : (n) => log.appendBatch(Array.from({ length: perCall }, (_, index) => make(n + index)));

const figures = await measure(append, {
  callers,
  perCall,
  warmMs: Number(warmMs),
  measuredMs: Number(measuredMs),
});
const wanted = binary ? BINARY_BYTES : OBJECT_BYTES;
const stored = log.recordBytes();
if (stored !== undefined && stored !== wanted) {
  throw new Error(`${system} stores records of ${stored} bytes instead of ${wanted}`);
}
const stats = log.stats();
if (stats && stats.records !== figures.appended) {
  throw new Error(`${system} counts ${stats.records} records of ${figures.appended}`);
}
await log.close();
const { user, system: kernel } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({
    ...figures,
    processorSeconds: (user + kernel) / 1e6,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    stats: stats && {
      records: stats.records,
      commits: stats.commits,
      syncs: stats.syncs,
      bytesWritten: stats.bytesWritten,
      mode: stats.mode,
      crc32cKernel: stats.crc32cKernel,
    },
  }),
);
