// Builds the checksum room and its tests for 64-bit ARM, statically and without CMake, and runs them
// under qemu-user: the quick way while working on the kernel. `npm test -- --only native-arm64` is
// the thorough one.
// Exits with the tests' own code, or with 77 and the reason where the tools are missing.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasCommand, root, run } from './tools.mjs';

const exitSkipped = 77;
const compiler = 'aarch64-linux-gnu-g++';
const emulator = 'qemu-aarch64-static';
const doctest = '/usr/include/doctest/doctest.h';

const missing = [compiler, emulator].filter((name) => !hasCommand(name));
if (!existsSync(doctest)) missing.push(doctest);
if (missing.length > 0) {
  console.log(`skipped: missing ${missing.join(', ')}`);
  console.log('Debian has them in g++-aarch64-linux-gnu, qemu-user-static, doctest-dev');
  process.exit(exitSkipped);
}

const build = join(root, 'build', 'crc32c-arm');
const program = join(build, 'test_crc32c');
// Copied: with /usr/include on its path the cross compiler would find the host's other headers.
mkdirSync(join(build, 'include', 'doctest'), { recursive: true });
copyFileSync(doctest, join(build, 'include', 'doctest', 'doctest.h'));

const sources = ['native/crc32c', 'test/native/crc32c'].flatMap((directory) =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith('.cpp'))
    .map((name) => join(directory, name)),
);
const flags = ['-std=c++20', '-O2', '-static', '-pthread'];
const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'];
const includes = ['-Inative', '-Itest/native', '-isystem', join(build, 'include')];
run(
  compiler,
  ...[...flags, ...warnings, ...includes],
  ...['test/native/main.cpp', ...sources, '-o', program],
);

const tests = spawnSync(emulator, ['-cpu', 'max', program, '--no-colors=true'], {
  stdio: 'inherit',
  env: { ...process.env, TIDEMARK_TEST_KERNEL: 'armv8_pmull' },
});
if (tests.error) throw tests.error;
process.exit(tests.status ?? 1);
