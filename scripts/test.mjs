// `npm test`: installs and builds what is missing, then runs the suites of scripts/suites.mjs.
//   --list             names the suites
//   --only name,name   runs some of them
// The last line counts the whole run. Exits with 1 when anything failed or nothing ran.
import { parseArgs } from 'node:util';
import { buildLib, buildNative } from './build.mjs';
import { inLanes, ofThisJob } from './lanes.mjs';
import { suites } from './suites.mjs';
import { installSystemPackages, missingTools } from './system-tools.mjs';
import { install } from './tools.mjs';

const { values: options } = parseArgs({
  options: { list: { type: 'boolean' }, only: { type: 'string' } },
});

if (options.list) {
  for (const { name, about } of suites) console.log(`${name.padEnd(18)} ${about}`);
  process.exit(0);
}
const wanted = options.only?.split(',');
const unknown = wanted?.filter((name) => !suites.some((suite) => suite.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; npm test -- --list names them`);
  process.exit(64);
}
const selected = suites.filter((suite) => wanted?.includes(suite.name) ?? true);

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const started = Date.now();
install();
installSystemPackages(selected.flatMap(({ needs = [], uses = [] }) => [...needs, ...uses]));
buildNative();
buildLib();
console.log(`installed and built in ${seconds(started)}`);

const total = { passed: 0, failed: 0, skipped: 0 };
const lines = new Map(selected.map(({ name }) => [name, []]));

async function runSuite(suite) {
  const begin = Date.now();
  const { say } = ofThisJob();
  say(`\n== ${suite.name}: ${suite.about}\n`);
  const missing = missingTools(suite.needs ?? []);
  let result;
  if (missing.length > 0) {
    const reason = `not installed: ${missing.join(', ')}`;
    result = { passed: 0, failed: 0, skipped: 1, notes: [`skipped: ${suite.name} (${reason})`] };
  } else {
    try {
      result = await suite.run();
    } catch (error) {
      say(`${error.stack ?? error}\n`, process.stderr);
      result = { passed: 0, failed: 1, skipped: 0, notes: [`failed: ${suite.name} (${error})`] };
    }
  }
  for (const kind of Object.keys(total)) total[kind] += result[kind];
  const counts = `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`;
  lines
    .get(suite.name)
    .push(
      `${suite.name.padEnd(18)} ${seconds(begin).padStart(9)}   ${counts}`,
      ...result.notes.map((note) => `    ${note}`),
    );
  say(`-- ${suite.name}: ${counts} in ${seconds(begin)}\n`);
}
await inLanes(selected.map((suite) => ({ ...suite, run: () => runSuite(suite) })));

console.log(`\n${[...lines.values()].flat().join('\n')}\n\n${seconds(started)} in all`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
