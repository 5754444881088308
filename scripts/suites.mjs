// The suites of `npm test`, in order: what each needs (it is skipped without), what it uses where
// that is there, and how it runs. Results of builds stay in build/<suite>, so that reruns are quick.
import { join } from 'node:path';
import { clangTidy } from './clang-tidy.mjs';
import { ofThisJob } from './lanes.mjs';
import { plain, sanitizers } from './native-builds.mjs';
import {
  add,
  cmakeBuild,
  doctest,
  exec,
  failed,
  fixedAddresses,
  nativeTestRooms,
  passed,
  skipped,
  step,
  twoAtATime,
  vitest,
} from './runners.mjs';
import { installRuntimes } from './runtimes.mjs';
import { missingTools } from './system-tools.mjs';
import { nativeFiles, root, tool } from './tools.mjs';

const npmTool = (name, script, ...args) => {
  const [command, ...path] = tool(name, script);
  return [name, command, [...path, ...args]];
};
const script = (name, ...args) => [name, process.execPath, [join(root, 'scripts', name), ...args]];

/** A step that is skipped, with the reason, where its tool is missing. */
const stepWith = (needed, job) => async () => {
  const missing = missingTools([needed]);
  return missing.length > 0 ? skipped(`${needed} (not installed)`) : job();
};

function lint() {
  return twoAtATime([
    () => step(...npmTool('biome', '@biomejs/biome/bin/biome', 'ci', '--colors=off', '.')),
    () => step(...npmTool('tsc', 'typescript/bin/tsc', '-p', 'tsconfig.test.json')),
    () =>
      step(
        ...npmTool(
          'dependency-cruiser',
          'dependency-cruiser/bin/dependency-cruise.mjs',
          ...['lib', '--config', '.dependency-cruiser.cjs'],
        ),
      ),
    () => step(...script('lint-native.mjs')),
    () => step(...script('lint-docs.mjs')),
    () => step(...script('esm.mjs', '--check')),
    () => step(...script('planted.mjs', '--check')),
    stepWith('clang-format', () =>
      step('clang-format', 'clang-format', ['--dry-run', '-Werror', ...nativeFiles()]),
    ),
  ]);
}

/**
 * Builds the native tests with these settings, and what is named beside them, and runs them, but for
 * the rooms of `without`.
 */
async function nativeTests(
  { build: name, settings },
  { without = {}, beside = [], ...options } = {},
) {
  const rooms = nativeTestRooms().filter((room) => without[room] === undefined);
  const targets = [...rooms.map((room) => `test_${room}`), ...beside];
  if (!(await cmakeBuild(name, settings, targets))) return failed(`${name} (the build)`);
  const left = Object.entries(without).map(([room, why]) => skipped(`${name} ${room} (${why})`));
  return add([await doctest(name, rooms, options), ...left]);
}

/** What ThreadSanitizer would say nothing about, or not in the time that there is. */
const notForThreads = {
  fault: 'one thread calls every task of a simulated host: there is nothing to race',
  crash: 'takes longer than four minutes; its two threads share a set of states under a mutex',
  bytes: 'takes longer than four minutes; its two threads share counters and the registry',
};

async function arm64() {
  const settings = { CMAKE_TOOLCHAIN_FILE: join(root, 'cmake', 'aarch64-linux.cmake') };
  const built = await cmakeBuild('native-arm64', settings, ['test_crc32c']);
  if (!built) return failed('native-arm64 (the build)');
  const launcher = ['qemu-aarch64-static', '-cpu', 'max', '-L', '/usr/aarch64-linux-gnu'];
  // Without the variable a kernel that is not found would leave only the table to be tested.
  const env = { TIDEMARK_TEST_KERNEL: 'armv8_pmull' };
  return doctest('native-arm64', ['crc32c'], { launcher, env });
}

async function windowsCompile() {
  const name = 'native-windows';
  const built = await cmakeBuild(
    name,
    {
      CMAKE_TOOLCHAIN_FILE: join(root, 'cmake', 'mingw-w64.cmake'),
      TIDEMARK_TESTS: 'OFF',
      // Nobody debugs it: it is as optimized as ever.
      CMAKE_BUILD_TYPE: 'Release',
    },
    ['tidemark_core'],
  );
  return built ? { passed: 1, failed: 0, skipped: 0, notes: [] } : failed(name);
}

/** Skipped where the compiler is not that of the baseline. */
async function instructions() {
  const [name, command, args] = script('instructions.mjs');
  const { code, output } = await exec(command, args, { quiet: true });
  ofThisJob().say(output);
  if (code === 0) return passed();
  return code === 77 ? skipped(`instructions (${output.trim()})`) : failed(name);
}

/**
 * What cmake-js does in a directory of its own it does here in that of the native tests, in front of
 * them: they are built with the same settings, so that the core is compiled once.
 */
async function cmakeJs() {
  const directory = join(root, 'build', plain.build);
  const cmakeJsCommand = (command) =>
    step(...npmTool(`cmake-js ${command}`, 'cmake-js/bin/cmake-js', command, '--out', directory));
  const addon = join(directory, plain.settings.CMAKE_BUILD_TYPE, 'tidemark.node');
  const load = () =>
    step(
      'the addon of cmake-js loads',
      process.execPath,
      [...['-e', "require('./dist/native.js').native()"]],
      { env: { TIDEMARK_NATIVE_PATH: addon } },
    );
  const results = [];
  for (const next of [() => cmakeJsCommand('configure'), () => cmakeJsCommand('compile'), load]) {
    results.push(await next());
    if (results.at(-1).failed > 0) break;
  }
  return add(results);
}

const cmake = ['cmake', 'ninja'];

/**
 * Two lanes beside each other. What is `aside` only compiles and computes: nothing in it looks at the time,
 * and it gives way to the tests of the other lane, which start processes and wait for them and for disks.
 */
const tests = { lane: 'tests' };
const aside = { lane: 'aside', nicer: 10 };

export const suites = [
  {
    name: 'lint',
    about: 'formatters, linters, types of the tests, direction of imports, papers',
    ...tests,
    uses: ['clang-format'],
    run: lint,
  },
  {
    name: 'cmake-js',
    about: 'the addon built the CMake way, and loaded',
    ...tests,
    needs: cmake,
    run: cmakeJs,
  },
  {
    name: 'native',
    about: 'unit tests of native/, g++',
    ...tests,
    needs: [...cmake, 'doctest'],
    run: () => nativeTests(plain),
  },
  {
    name: 'native-asan',
    about: 'the same with clang under AddressSanitizer and UndefinedBehaviorSanitizer',
    ...tests,
    needs: [...cmake, 'doctest', 'clang', 'sanitizers'],
    run: () => nativeTests(sanitizers.asan, { beside: ['tidemark'] }),
  },
  {
    name: 'native-tsan',
    about: 'the same with clang under ThreadSanitizer',
    ...tests,
    needs: [...cmake, 'doctest', 'clang', 'sanitizers'],
    run: () =>
      nativeTests(sanitizers.tsan, {
        beside: ['tidemark'],
        launcher: fixedAddresses(),
        env: sanitizers.tsan.env,
        without: notForThreads,
      }),
  },
  {
    name: 'native-arm64',
    about: 'the checksum kernels of 64-bit ARM under qemu',
    ...aside,
    needs: [...cmake, 'doctest', 'arm64-compiler', 'qemu'],
    run: arm64,
  },
  {
    name: 'native-windows',
    about: 'the core with native/io/windows compiled with MinGW',
    ...aside,
    needs: [...cmake, 'mingw'],
    run: windowsCompile,
  },
  {
    name: 'clang-tidy',
    about: 'static analysis of native/',
    ...aside,
    needs: [...cmake, 'clang', 'clang-tidy'],
    run: clangTidy,
  },
  {
    name: 'instructions',
    about: 'instructions of the hot paths beside their baseline',
    ...aside,
    needs: [...cmake, 'valgrind'],
    run: instructions,
  },
  {
    name: 'vitest',
    about: 'lib/, the command line, crashes: test/**/*.test.ts',
    ...tests,
    uses: ['strace', 'chromium'],
    run: () => vitest('main'),
  },
  {
    name: 'kernel',
    about: 'the built addon against the real kernel: failing calls, full and dying file systems',
    ...tests,
    uses: ['strace', 'faketime', 'ext4', 'xfs'],
    run: () => vitest('kernel'),
  },
  {
    name: 'docs',
    about: 'the snippets of the documents run as printed',
    ...tests,
    run: () => vitest('docs'),
  },
  {
    name: 'package',
    about: 'the packed tarball, installed without a compiler and without install scripts',
    ...tests,
    run: () => vitest('package'),
  },
  {
    name: 'power',
    about: 'the power is cut under the package on ext4, XFS and Btrfs; the rig that does it',
    ...tests,
    uses: ['cmake', 'ninja', 'ext4', 'xfs', 'btrfs'],
    run: () => vitest('power'),
  },
  {
    name: 'threads',
    about: 'storms of threads, exits and terminations on five runtimes, and with sanitizers inside',
    ...tests,
    uses: [...cmake, 'clang', 'sanitizers'],
    run: async () => {
      await installRuntimes();
      return vitest('threads');
    },
  },
];
