// `npm run build [native] [lib]`: the addon with node-gyp into build/Release, lib/ into dist/.
// Both are incremental. Uses what is installed; scripts/setup.mjs installs it.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { headersDirectory, root, run, tool } from './tools.mjs';

export function buildNative() {
  const nodedir = headersDirectory();
  const options = nodedir ? [`--nodedir=${nodedir}`] : [];
  const makefile = join(root, 'build', process.platform === 'win32' ? 'binding.sln' : 'Makefile');
  const inputs = [
    'binding.gyp',
    'native/sources.json',
    'package.json',
    'package-lock.json',
    'scripts/native-sources.cjs',
  ];
  const isOlder = (file) => statSync(join(root, file)).mtimeMs > statSync(makefile).mtimeMs;
  if (!existsSync(makefile) || inputs.some(isOlder)) {
    run(...tool('node-gyp', 'node-gyp/bin/node-gyp.js'), 'configure', '--silent', ...options);
  }
  run(...tool('node-gyp', 'node-gyp/bin/node-gyp.js'), 'build', '--silent', '--jobs', '2');
}

export function buildLib() {
  mkdirSync(join(root, 'build'), { recursive: true });
  // An emptied dist/ with the build information still there would make tsc write nothing.
  if (!existsSync(join(root, 'dist', 'index.js'))) {
    rmSync(join(root, 'build', 'lib.tsbuildinfo'), { force: true });
  }
  run(...tool('tsc', 'typescript/bin/tsc'), '-p', 'tsconfig.json');
  removeStale(join(root, 'dist'));
  run(process.execPath, join(root, 'scripts', 'esm.mjs'));
}

/** Removes what an earlier build wrote and the sources no longer have: it would be published. */
function removeStale(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      removeStale(path);
      if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
      continue;
    }
    const source = relative(join(root, 'dist'), path).replace(/(\.d\.ts|\.d\.mts|\.m?js)$/, '.ts');
    if (!existsSync(join(root, 'lib', source))) rmSync(path);
  }
}

if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2);
  if (wanted.length === 0 || wanted.includes('native')) buildNative();
  if (wanted.length === 0 || wanted.includes('lib')) buildLib();
}
