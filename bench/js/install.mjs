// Installs the peers of package-lock.json where one is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

/** Whether all peers are there afterwards. */
export function installPeers() {
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const isThere = (name) => existsSync(join(here, 'node_modules', name));
  if (Object.keys(dependencies).every(isThere)) return true;
  console.error('installing the peers of bench/js/package-lock.json (npm ci)');
  return spawnSync('npm', ['ci'], { cwd: here, stdio: ['ignore', 2, 2] }).status === 0;
}
