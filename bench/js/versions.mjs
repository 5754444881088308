// The versions of all that took part.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Packages that store what another one of ours is given. */
const BELOW = ['rocksdb-native', 'hypercore-storage'];

export function versions(systemNames) {
  const locked = json(join(here, 'package-lock.json')).packages;
  const packages = [
    ...systemNames,
    'msgpackr',
    ...(systemNames.includes('hypercore') ? BELOW : []),
  ];
  const peers = packages
    .filter((name) => locked[`node_modules/${name}`])
    .map((name) => [name, locked[`node_modules/${name}`].version]);
  const { node, v8, uv } = process.versions;
  return {
    tidemark: json(join(dirname(dirname(here)), 'package.json')).version,
    ...Object.fromEntries(peers),
    node,
    v8,
    uv,
  };
}

/** Undefined where it is not installed. */
export function straceVersion() {
  const { status, stdout } = spawnSync('strace', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}
