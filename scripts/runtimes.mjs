// The other runtimes that the storms of threads run on: pinned in test/threads/runtimes, installed
// only by what uses them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, root } from './tools.mjs';

export const runtimesDirectory = join(root, 'test', 'threads', 'runtimes');

/** Installs those that are missing and are of this platform; where that fails the tests say which. */
export function installRuntimes() {
  const read = (path) => JSON.parse(readFileSync(join(runtimesDirectory, path), 'utf8'));
  const isThere = ([name, wanted]) => {
    const manifest = join('node_modules', name, 'package.json');
    if (!existsSync(join(runtimesDirectory, manifest))) return false;
    return wanted.endsWith(read(manifest).version);
  };
  const wanted = Object.entries(read('package.json').optionalDependencies);
  if (process.platform !== 'linux' || process.arch !== 'x64' || wanted.every(isThere)) return;
  console.error('installing the runtimes of test/threads/runtimes/package-lock.json (npm ci)');
  const [command, ...args] = npmCommand();
  spawnSync(command, [...args, 'ci', '--ignore-scripts'], {
    cwd: runtimesDirectory,
    stdio: ['ignore', 2, 2],
  });
}
