// The other runtimes that the storms of threads run on: pinned in test/threads/runtimes, installed
// only by what uses them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from './runners.mjs';
import { npmCommand, root } from './tools.mjs';

export const runtimesDirectory = join(root, 'test', 'threads', 'runtimes');

/** Installs those that are missing and are of this platform; where that fails the tests say which. */
export async function installRuntimes() {
  const read = (path) => JSON.parse(readFileSync(join(runtimesDirectory, path), 'utf8'));
  const isThere = ([name, wanted]) => {
    const manifest = join('node_modules', name, 'package.json');
    if (!existsSync(join(runtimesDirectory, manifest))) return false;
    return wanted.endsWith(read(manifest).version);
  };
  const wanted = Object.entries(read('package.json').optionalDependencies);
  if (process.platform !== 'linux' || process.arch !== 'x64' || wanted.every(isThere)) return;
  const [command, ...args] = npmCommand();
  await exec(command, [...args, 'ci', '--ignore-scripts'], { cwd: runtimesDirectory });
}
