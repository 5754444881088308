// `npm run fuzz -- TARGET …`: builds the fuzz targets and runs one under libFuzzer, from the inputs
// that are kept and those that were found before; what follows the name is libFuzzer's (an option, or
// the file of an input that is to be examined again). Without a name: lists the targets.
// `npm run fuzz -- --keep`: makes the kept inputs (test/fuzz/corpus) anew, the fewest and shortest
// that reach everything that all kept and found ones reach, up to a size.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import {
  buildFuzzer,
  corporaOf,
  fuzzTargets,
  keptCorpus,
  limits,
  runFuzzer,
} from '../test/fuzz/campaign.mjs';

/** Of one target; what would pass it is left out, the longest inputs first. */
const MOST_KEPT_BYTES = 16 * 1024;

async function keep(target) {
  const merged = mkdtempSync(join(tmpdir(), 'tidemark-fuzz-'));
  try {
    const { code, output } = await runFuzzer([
      ...[`--target=${target}`, ...limits, '-set_cover_merge=1', merged],
      ...(await corporaOf(target)),
    ]);
    if (code !== 0) throw new Error(`${target}: the merge failed\n${output}`);
    const files = readdirSync(merged)
      .map((name) => ({ name, bytes: statSync(join(merged, name)).size }))
      .sort((a, b) => a.bytes - b.bytes || (a.name < b.name ? -1 : 1));
    rmSync(keptCorpus(target), { recursive: true, force: true });
    mkdirSync(keptCorpus(target), { recursive: true });
    let total = 0;
    let kept = 0;
    for (const { name, bytes } of files) {
      if (total + bytes > MOST_KEPT_BYTES) break;
      copyFileSync(join(merged, name), join(keptCorpus(target), name));
      total += bytes;
      kept += 1;
    }
    console.log(`${target}: ${kept} of ${files.length} inputs kept, ${total} bytes`);
  } finally {
    rmSync(merged, { recursive: true, force: true });
  }
}

/** libFuzzer runs in another directory. */
const absolute = (argument) =>
  argument.startsWith('-') || isAbsolute(argument) ? argument : resolve(argument);

if (!(await buildFuzzer())) process.exit(1);
const targets = await fuzzTargets();
const [first, ...rest] = process.argv.slice(2);
if (first === '--keep') {
  for (const target of rest.length > 0 ? rest : targets) await keep(target);
} else if (targets.includes(first)) {
  const inputs = rest.filter((argument) => !argument.startsWith('-'));
  const { code } = await runFuzzer(
    [
      ...[`--target=${first}`, ...limits, ...rest.map(absolute)],
      ...(inputs.length > 0 ? [] : await corporaOf(first)),
    ],
    { show: true },
  );
  process.exitCode = typeof code === 'number' ? code : 1;
} else {
  console.error(`npm run fuzz -- TARGET, one of: ${targets.join(' ')}`);
  process.exitCode = 64;
}
