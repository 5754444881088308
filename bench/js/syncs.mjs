// What each system really asks of the disk for its acknowledgements: a short run under strace, counted.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cases } from './cases.mjs';
import { runSystem } from './processes.mjs';
import { countSyncs, traced } from './trace.mjs';
import { straceVersion } from './versions.mjs';

const LIMIT_MS = 20_000;
/** They wait for no acknowledgement. */
const NOT_COUNTED = ['no-io', 'raw-disk', 'raw-loop'];

/** One line for each system and case that has `counted`; `missing` says why there are none. */
export async function countedSyncs(caseNames, systemNames, base) {
  const version = straceVersion();
  if (version === undefined) return { missing: 'strace is not installed', counted: [] };
  const counted = [];
  for (const caseName of caseNames.filter((name) => cases[name].counted)) {
    for (const system of cases[caseName].systems) {
      if (NOT_COUNTED.includes(system) || !systemNames.includes(system)) continue;
      const directory = join(base, 'traced');
      const trace = join(base, 'trace');
      mkdirSync(directory);
      const job = { system, case: caseName, directory, records: cases[caseName].counted };
      const tracer = ['strace', '-f', '--seccomp-bpf', '-qq', '-s', '0', '-e', 'signal=none'];
      const { appended } = await runSystem({ ...job, limitMs: LIMIT_MS }, [
        ...tracer,
        ...['-e', `trace=${traced.join(',')}`, '-o', trace],
      ]);
      counted.push({
        case: caseName,
        system,
        acknowledged: appended,
        ...countSyncs(readFileSync(trace, 'utf8')),
      });
      rmSync(directory, { recursive: true });
      rmSync(trace);
    }
  }
  return { strace: version, counted };
}
