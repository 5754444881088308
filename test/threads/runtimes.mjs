// The runtimes that the storms run on: the Node of the machine, and those of runtimes/, which the suite
// and the campaign install (scripts/runtimes.mjs).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runtimesDirectory } from '../../scripts/runtimes.mjs';

const installed = join(runtimesDirectory, 'node_modules');
const node = (name) => ({
  name,
  command: [join(installed, name, 'bin', 'node'), '--expose-gc'],
});

/** The Node of the machine, which everything else is tested with. */
export const machine = {
  name: `node ${process.version}`,
  command: [process.execPath, '--expose-gc'],
};

export const bun = {
  name: 'bun',
  command: [join(installed, '@oven', 'bun-linux-x64', 'bin', 'bun')],
};

export const pinned = [node('node-20'), node('node-22'), node('node-24'), node('node-26'), bun];

/** Why a runtime cannot be run; undefined when it can. */
export function whyNot({ command }) {
  if (existsSync(command[0])) return undefined;
  return 'not installed: npm ci --prefix test/threads/runtimes';
}
