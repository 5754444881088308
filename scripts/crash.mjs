// `npm run crash -- …`: builds the crash explorer (test/crash/crash.cpp says what it takes) and runs
// it. Exits with 1 when the oracle has found something.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildTargets, plain } from './native-builds.mjs';
import { root } from './tools.mjs';

if (!(await buildTargets(plain, ['crash']))) process.exit(1);
const program = join(root, 'build', 'native', 'crash');
const { status } = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' });
process.exit(status ?? 1);
