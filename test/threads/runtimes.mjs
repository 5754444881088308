// The runtimes that the storms run on: the Node of the machine, and those of runtimes/, which are
// installed with `npm ci` there and by the campaign.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const installed = join(import.meta.dirname, 'runtimes', 'node_modules');
const node = (name) => ({
  name,
  command: [join(installed, name, 'bin', 'node'), '--expose-gc'],
});

export const machine = { name: 'machine', command: [process.execPath, '--expose-gc'] };

export const others = [
  node('node-22'),
  node('node-24'),
  node('node-26'),
  { name: 'bun', command: [join(installed, '@oven', 'bun-linux-x64', 'bin', 'bun')] },
];

/** Why a runtime cannot be run; undefined when it can. */
export function whyNot({ command: [program] }) {
  if (existsSync(program)) return undefined;
  return 'not installed: npm ci --prefix test/threads/runtimes';
}
