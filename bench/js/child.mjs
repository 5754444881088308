// One system, one case, one fresh directory, in a process of its own; the figures go to standard
// output as JSON. Its argument is JSON: system, case, directory, records, limitMs.
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cases } from './cases.mjs';
import { measure } from './measure.mjs';
import { writtenBytes } from './own-costs.mjs';
import { recordsOf } from './workload.mjs';

const { system, case: caseName, directory, records, limitMs } = JSON.parse(process.argv[2]);
const module = await import(`./systems/${system}.mjs`);

/** Seen by whoever traces this process (syncs.mjs): an attempt to open a file that is not there. */
function mark(name) {
  try {
    closeSync(openSync(join(directory, `tidemark-bench-${name}`)));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function sizeOf(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size,
      0,
    );
}

async function measureLog({ callers, perCall = 1, binary = false, ...shape }) {
  const { make, bytes } = recordsOf({ callers, binary, ...shape });
  const log = await module.open(directory, { binary });
  const append =
    perCall === 1
      ? (n) => log.append(make(n))
      : (n) => log.appendBatch(Array.from({ length: perCall }, (_, index) => make(n + index)));
  mark('begin');
  const figures = await measure(append, { callers, perCall, records, limitMs });
  mark('end');
  const length = log.recordBytes();
  if (length !== undefined && length !== bytes) {
    throw new Error(`${system} stores records of ${length} bytes instead of ${bytes}`);
  }
  const stats = log.stats();
  if (stats && stats.records !== figures.appended) {
    throw new Error(`${system} counts ${stats.records} records of ${figures.appended}`);
  }
  await log.close();
  const written = writtenBytes();
  const size = sizeOf(directory);
  const { user, system: kernel } = process.cpuUsage();
  // Opened anew: a record that is not there was not appended, however fast.
  const stored = await module.stored?.(directory, bytes);
  if (stored !== undefined && stored !== figures.appended) {
    throw new Error(`${system} has ${stored} records of ${figures.appended}`);
  }
  return {
    ...figures,
    stats,
    storedBytes: stored === undefined ? undefined : size / figures.appended,
    writtenBytes: stored === undefined ? undefined : written / figures.appended,
    processorSeconds: (user + kernel) / 1e6,
  };
}

const figures = module.measure
  ? await module.measure(directory, { records, limitMs })
  : await measureLog(cases[caseName]);
process.stdout.write(JSON.stringify(figures));
