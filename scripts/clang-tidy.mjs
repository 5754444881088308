// Runs clang-tidy over native/ (.clang-tidy says which checks), two files at a time. A file counts
// as one test. What passed is remembered in build/tidy by content, since the analysis takes minutes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exec, failed, step, twoAtATime } from './runners.mjs';
import { nativeFiles, root } from './tools.mjs';

export async function clangTidy() {
  const directory = join(root, 'build', 'tidy');
  const configured = await exec('cmake', [
    ...['-S', root, '-B', directory, '-G', 'Ninja', '-DCMAKE_CXX_COMPILER=clang++'],
    `-DCMAKE_JS_INC=${join(root, 'node_modules', 'node-api-headers', 'include')}`,
  ]);
  if (configured.code !== 0) return failed('clang-tidy (the CMake configuration)');
  const files = JSON.parse(readFileSync(join(directory, 'compile_commands.json'), 'utf8'))
    .map(({ file }) => relative(root, file))
    .filter((file) => file.startsWith('native/'));

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
    files.map((file) => async () => {
      const key = createHash('sha256').update(sharedDigest).update(file).update(read(file));
      const stamp = join(cache, key.digest('hex'));
      if (existsSync(stamp)) return { passed: 1, failed: 0, skipped: 0, notes: [] };
      const args = ['--quiet', '-p', directory, join(root, file)];
      const result = await step(`clang-tidy ${file}`, 'clang-tidy', args);
      if (result.failed === 0) writeFileSync(stamp, '');
      return result;
    }),
  );
}
