// Runs clang-tidy over native/ (.clang-tidy says which checks), two units at a time: what CMake
// compiles as one, several files or a single one. Most of the time goes into the headers of others,
// and a unit reads them once. A unit counts as one test. What passed is remembered in build/tidy by
// content, since the analysis takes minutes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { exec, failed, step, twoAtATime } from './runners.mjs';
import { nativeFiles, root } from './tools.mjs';

export async function clangTidy() {
  const directory = join(root, 'build', 'tidy');
  const configured = await exec('cmake', [
    ...['-S', root, '-B', directory, '-G', 'Ninja'],
    '-DCMAKE_CXX_COMPILER=clang++',
    `-DCMAKE_JS_INC=${join(root, 'node_modules', 'node-api-headers', 'include')}`,
  ]);
  if (configured.code !== 0) return failed('clang-tidy (the CMake configuration)');
  const units = JSON.parse(readFileSync(join(directory, 'compile_commands.json'), 'utf8'))
    .map(({ file }) => ({ file, sources: sourcesOf(file) }))
    .filter(({ sources }) => sources.every((source) => source.startsWith('native/')))
    .sort((a, b) => b.sources.length - a.sources.length);

  const read = (path) => readFileSync(join(root, path));
  const shared = createHash('sha256');
  const context = nativeFiles().filter((name) => name.endsWith('.hpp'));
  for (const path of ['.clang-tidy', 'CMakeLists.txt', ...context]) {
    shared.update(path).update(read(path));
  }
  const sharedDigest = shared.digest();
  const cache = join(directory, 'passed');
  mkdirSync(cache, { recursive: true });

  return twoAtATime(
    units.map(({ file, sources }) => async () => {
      const key = createHash('sha256').update(sharedDigest);
      for (const source of sources) key.update(source).update(read(source));
      const stamp = join(cache, key.digest('hex'));
      if (existsSync(stamp)) return { passed: 1, failed: 0, skipped: 0, notes: [] };
      const args = ['--quiet', '-p', directory];
      // The build's file includes ours, be it a single one; lint-native.mjs looks for it in ours.
      if (!sources.includes(relative(root, file)))
        args.push('--checks=-bugprone-suspicious-include');
      const result = await step(`clang-tidy ${sources.join(' ')}`, 'clang-tidy', [...args, file]);
      if (result.failed === 0) writeFileSync(stamp, '');
      return result;
    }),
  );
}

/** The files of ours that this file of the build compiles, relative to the root. */
function sourcesOf(file) {
  const included = /[\\/]Unity[\\/]unity_\d+_cxx\.cxx$/.test(file)
    ? [...readFileSync(file, 'utf8').matchAll(/^#include "(.+)"$/gm)].map(([, path]) => path)
    : [file];
  return included.map((path) => relative(root, isAbsolute(path) ? path : join(root, path)));
}
