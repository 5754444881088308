// The suites of `npm test`, in order: what each needs (it is skipped without), what it uses where
// that is there, and how it runs. Results of builds stay in build/<suite>, so that reruns are quick.
import { join } from 'node:path';
import { clangTidy } from './clang-tidy.mjs';
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
import { sanitizers } from './sanitizers.mjs';
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

/** Builds the native tests with these settings and runs them, but for the rooms of `without`. */
async function nativeTests(name, settings, { without = {}, ...options } = {}) {
  const rooms = nativeTestRooms().filter((room) => without[room] === undefined);
  const targets = rooms.map((room) => `test_${room}`);
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
    },
    ['tidemark_core'],
  );
  return built ? { passed: 1, failed: 0, skipped: 0, notes: [] } : failed(name);
}

/** Skipped where the compiler is not that of the baseline. */
async function instructions() {
  const [name, command, args] = script('instructions.mjs');
  const { code, output } = await exec(command, args, { quiet: true });
  process.stdout.write(output);
  if (code === 0) return passed();
  return code === 77 ? skipped(`instructions (${output.trim()})`) : failed(name);
}

async function cmakeJs() {
  const directory = join(root, 'build', 'cmake-js');
  const built = await step(
    ...npmTool('cmake-js', 'cmake-js/bin/cmake-js', 'compile', '--out', directory),
  );
  if (built.failed > 0) return built;
  const loaded = await step(
    'the addon of cmake-js loads',
    process.execPath,
    [...['-e', "require('./dist/native.js').native()"]],
    { env: { TIDEMARK_NATIVE_PATH: join(directory, 'Release', 'tidemark.node') } },
  );
  return add([built, loaded]);
}

const cmake = ['cmake', 'ninja'];

export const suites = [
  {
    name: 'lint',
    about: 'formatters, linters, types of the tests, direction of imports, papers',
    uses: ['clang-format'],
    run: lint,
  },
  {
    name: 'clang-tidy',
    about: 'static analysis of native/',
    needs: [...cmake, 'clang', 'clang-tidy'],
    run: clangTidy,
  },
  {
    name: 'native',
    about: 'unit tests of native/, g++',
    needs: [...cmake, 'doctest'],
    run: () => nativeTests('native', {}),
  },
  {
    name: 'native-asan',
    about: 'the same with clang under AddressSanitizer and UndefinedBehaviorSanitizer',
    needs: [...cmake, 'doctest', 'clang', 'sanitizers'],
    run: () => nativeTests(sanitizers.asan.build, sanitizers.asan.settings),
  },
  {
    name: 'native-tsan',
    about: 'the same with clang under ThreadSanitizer',
    needs: [...cmake, 'doctest', 'clang', 'sanitizers'],
    run: () =>
      nativeTests(sanitizers.tsan.build, sanitizers.tsan.settings, {
        launcher: fixedAddresses(),
        env: sanitizers.tsan.env,
        without: notForThreads,
      }),
  },
  {
    name: 'native-arm64',
    about: 'the checksum kernels of 64-bit ARM under qemu',
    needs: [...cmake, 'doctest', 'arm64-compiler', 'qemu'],
    run: arm64,
  },
  {
    name: 'native-windows',
    about: 'the core with native/io/windows compiled with MinGW',
    needs: [...cmake, 'mingw'],
    run: windowsCompile,
  },
  {
    name: 'instructions',
    about: 'instructions of the hot paths beside their baseline',
    needs: [...cmake, 'valgrind'],
    run: instructions,
  },
  {
    name: 'cmake-js',
    about: 'the addon built the CMake way, and loaded',
    needs: ['cmake'],
    run: cmakeJs,
  },
  {
    name: 'vitest',
    about: 'lib/, the command line, crashes: test/**/*.test.ts',
    uses: ['strace', 'chromium'],
    run: () => vitest('main'),
  },
  {
    name: 'kernel',
    about: 'the built addon against the real kernel: failing calls, full and dying file systems',
    uses: ['strace', 'faketime', 'ext4', 'xfs'],
    run: () => vitest('kernel'),
  },
  {
    name: 'power',
    about: 'the power is cut under the package on ext4, XFS and Btrfs; the rig that does it',
    uses: ['cmake', 'ninja', 'ext4', 'xfs', 'btrfs'],
    run: () => vitest('power'),
  },
  {
    name: 'threads',
    about: 'storms of threads, exits and terminations on five runtimes, and with sanitizers inside',
    uses: [...cmake, 'clang', 'sanitizers'],
    run: () => {
      installRuntimes();
      return vitest('threads');
    },
  },
  {
    name: 'docs',
    about: 'the snippets of the documents run as printed',
    run: () => vitest('docs'),
  },
  {
    name: 'package',
    about: 'the packed tarball, installed without a compiler and without install scripts',
    run: () => vitest('package'),
  },
];
