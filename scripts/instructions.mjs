// `node scripts/instructions.mjs`: how many instructions the hot paths take, counted by cachegrind,
// beside those of bench/native/instructions.json. More than `tolerance` above it fails; so does less,
// for then the baseline is old. The kernel of checksums is forced, for valgrind does not know
// AVX-512, and the figures belong to one compiler: with another one nothing is compared (exit 77).
//   --write   makes what is counted the baseline
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cmakeBuild } from './runners.mjs';
import { root } from './tools.mjs';

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const tolerance = 0.03;
const rounds = [50, 150];
const skip = 77;

const file = join(root, 'bench', 'native', 'instructions.json');
const program = join(root, 'build', 'native-bench', 'instructions');
const text = (command, args, env) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stderr}`);
  return stdout + stderr;
};

// Each file alone, as node-gyp compiles what is shipped: nothing is inlined across files.
const settings = { TIDEMARK_TESTS: 'OFF', TIDEMARK_BENCH: 'ON', CMAKE_UNITY_BUILD: 'OFF' };
if (!(await cmakeBuild('native-bench', settings, ['instructions']))) process.exit(1);

function count(name, times) {
  const output = text(
    'valgrind',
    [
      ...['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null'],
      ...[program, name, String(times)],
    ],
    { TIDEMARK_CRC32C: 'sse42_pclmul' },
  );
  return Number(/I +refs: +([\d,]+)/.exec(output)[1].replaceAll(',', ''));
}

const compiler = text('c++', ['--version']).split('\n', 1)[0];
const cases = Object.fromEntries(
  text(program, ['--list'])
    .trim()
    .split('\n')
    .map((name) => {
      const [few, many] = rounds.map((times) => count(name, times));
      return [name, Math.round((many - few) / (rounds[1] - rounds[0]))];
    }),
);
if (options.write) {
  writeFileSync(file, `${JSON.stringify({ compiler, cases }, null, 2)}\n`);
  process.exit(0);
}

const baseline = JSON.parse(readFileSync(file, 'utf8'));
if (baseline.compiler !== compiler) {
  console.log(`not compared: counted with ${baseline.compiler}, this is ${compiler}`);
  process.exit(skip);
}
let wrong = 0;
for (const name of new Set([...Object.keys(baseline.cases), ...Object.keys(cases)])) {
  const [before, now] = [baseline.cases[name], cases[name]];
  const isSame = Math.abs(now / before - 1) <= tolerance;
  if (!isSame) wrong += 1;
  console.log(`${isSame ? 'ok' : 'CHANGED'}  ${name}: ${now}, baseline ${before}`);
}
process.exit(wrong > 0 ? 1 : 0);
