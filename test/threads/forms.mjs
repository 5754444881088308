// The forms of the addon that the storms run with: as it is published, and built with a sanitizer,
// whose runtime is loaded into the process in front of everything else.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSanitizedAddon, sanitizers } from '../../scripts/native-builds.mjs';
import { fixedAddresses } from '../../scripts/runners.mjs';
import { missingTools } from '../../scripts/system-tools.mjs';
import { ofTermination } from './storms/list.mjs';

/** As it is published. */
export const plain = {
  name: 'plain',
  prepare: async () => {},
  whyNot: () => undefined,
  whyNotStorm: () => undefined,
  command: (command) => command,
  env: () => ({}),
  reports: () => [],
};

function libraryOf(compiler, name) {
  return spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout?.trim();
}

/**
 * @param library the sanitizer's runtime: [compiler that knows where it is, its name]
 * @param variable of the environment, for its options
 * @param begins how a report in its log begins
 * @param whyNotStorm (runtime, name of a storm): why that storm says nothing about us there
 */
function sanitized({ name, title, sanitizer, library, variable, options, begins, whyNotStorm }) {
  const [compiler, libraryName] = library;
  let addon;
  let found;
  const preload = () => {
    found ??= libraryOf(compiler, libraryName);
    return found;
  };
  const settings = (logs) => [...options, `log_path=${join(logs, 'report')}`].join(':');
  const form = {
    name,
    title,
    async prepare() {
      addon = await buildSanitizedAddon(sanitizer);
    },
    /** Why it cannot run on this runtime: shown by a program without our addon. */
    whyNot({ name: runtime, command }) {
      const missing = missingTools(['cmake', 'ninja', 'clang', 'sanitizers']);
      if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
      const [program, ...args] = form.command([command[0], '-e', 'console.log("here")']);
      const env = { ...process.env, [variable]: options.join(':') };
      const control = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000, env });
      if (control.status === 0 && control.stdout === 'here\n') return undefined;
      const end = control.status ?? control.signal;
      return `${runtime} does not start with ${title}, without our addon: it ends with ${end}`;
    },
    whyNotStorm,
    command: (command) => [...fixedAddresses(), 'env', `LD_PRELOAD=${preload()}`, ...command],
    env: (logs) => ({ TIDEMARK_NATIVE_PATH: addon, [variable]: settings(logs) }),
    reports: (text) => text.split(/^(?===+$)/m).filter((report) => begins.test(report)),
  };
  return form;
}

/**
 * GCC's runtime: that of clang 14 ends every one of these runtimes with SIGSEGV before its first line.
 * `ignore_noninstrumented_modules` is the suppression of the frames of the runtime and of the system's
 * libraries, and of nothing else: what they do to memory is not looked at, since they are built without
 * the sanitizer, which therefore does not know what orders their threads (V8's parallel collector alone
 * gives hundreds of reports a minute). What our code does is looked at, and all locks are.
 */
export const tsan = sanitized({
  name: 'tsan',
  title: 'ThreadSanitizer',
  sanitizer: sanitizers.tsan,
  library: ['g++', 'libtsan.so'],
  variable: 'TSAN_OPTIONS',
  options: ['halt_on_error=1', 'ignore_noninstrumented_modules=1'],
  begins: /WARNING: ThreadSanitizer|ThreadSanitizer:DEADLYSIGNAL/,
  // Bun stops the thread of a worker by a signal and waits for the answer of its handler, while the
  // sanitizer keeps signals back from a thread that waits: of 12 runs of a program that does nothing
  // but start and terminate workers, without any addon, 7 hung and 2 ended with SIGSEGV.
  whyNotStorm: (runtime, storm) =>
    runtime.name === 'bun' && ofTermination.includes(storm)
      ? 'Bun under ThreadSanitizer hangs when a worker is terminated, also without an addon'
      : undefined,
});

/** Leaks are not looked for: a runtime frees next to nothing at its end. */
export const asan = sanitized({
  name: 'asan',
  title: 'AddressSanitizer',
  sanitizer: sanitizers.asan,
  library: ['clang++', 'libclang_rt.asan-x86_64.so'],
  variable: 'ASAN_OPTIONS',
  options: ['halt_on_error=1', 'detect_leaks=0'],
  begins: /ERROR: AddressSanitizer|runtime error:/,
  whyNotStorm: () => undefined,
});
