// `npm run planted`: plants each defect of test/planted in a scratch copy of the tree, and shows
// which net catches it. Exits with 1 when one is not caught, does not build or no longer applies.
// What was cast on the very same tree is not cast again: a run that was stopped goes on.
//   --only a,b     some of the defects
//   --minutes N    cast no net that would begin later than N minutes from now
//   --again        forget what was cast
//   --list         names them
//   --check        only looks whether every patch still applies
//   --dir D        the scratch (default build/planted; its builds are used again)
import { parseArgs } from 'node:util';
import { planted, plantedTable, readDefects, usualDirectory } from '../test/planted/planted.mjs';
import { applies } from '../test/planted/scratch.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: 'Infinity' },
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    dir: { type: 'string', default: usualDirectory },
  },
});
const defects = readDefects();
if (options.list) {
  for (const { name, promise, nets } of defects)
    console.log(`${name} (${nets.join(', ')})\n  ${promise}`);
  process.exit(0);
}
if (options.check) {
  const broken = defects.filter(({ path }) => !applies(path));
  for (const { name } of broken) console.error(`${name} no longer applies`);
  process.exit(broken.length > 0 ? 1 : 0);
}
const only = options.only?.split(',');
const unknown = only?.filter((name) => !defects.some((defect) => defect.name === name)) ?? [];
const minutes = Number(options.minutes);
if (unknown.length > 0 || !(minutes > 0)) {
  console.error(unknown.length > 0 ? `no such defect: ${unknown}` : '--minutes must be above 0');
  process.exit(64);
}

try {
  const { figures, claims, unfinished } = await planted({
    directory: options.dir,
    only,
    deadline: Date.now() + minutes * 60_000,
    again: options.again,
    log: (text) => console.error(text),
  });
  if (unfinished) {
    console.error('not at its end; the same command goes on from here');
    process.exit(75);
  }
  console.log(plantedTable(figures).join('\n'));
  const failed = claims.filter(({ holds }) => !holds);
  // A part of the defects need not be all that there must be.
  const counted =
    only === undefined ? failed : failed.filter(({ claim }) => claim.includes('caught by'));
  for (const { claim } of counted) console.error(`DOES NOT HOLD: ${claim}`);
  console.error(`${figures.results.length} defects planted, ${counted.length} claims do not hold`);
  process.exitCode = counted.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
