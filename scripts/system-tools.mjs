// The tools that no npm package brings: how to see whether they are there, and which Debian packages
// have them. As root on Debian the missing ones are installed; elsewhere their suites are skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { hasCommand } from './tools.mjs';

const command = (name) => () => hasCommand(name);

/** Whether clang has its sanitizer runtimes; the rest of LLVM may be there without them. */
function hasSanitizers() {
  const runtimes = '/usr/lib/llvm-14/lib/clang';
  return (
    existsSync(runtimes) &&
    readdirSync(runtimes, { recursive: true }).some((name) => /libclang_rt\.tsan/.test(name))
  );
}

const tools = {
  cmake: { packages: ['cmake'], isThere: command('cmake') },
  ninja: { packages: ['ninja-build'], isThere: command('ninja') },
  doctest: {
    packages: ['doctest-dev'],
    isThere: () => existsSync('/usr/include/doctest/doctest.h'),
  },
  clang: { packages: ['clang'], isThere: command('clang++') },
  sanitizers: { packages: ['libclang-rt-14-dev'], isThere: hasSanitizers },
  'clang-format': { packages: ['clang-format'], isThere: command('clang-format') },
  'clang-tidy': { packages: ['clang-tidy'], isThere: command('clang-tidy') },
  'arm64-compiler': {
    packages: ['g++-aarch64-linux-gnu'],
    isThere: command('aarch64-linux-gnu-g++'),
  },
  qemu: { packages: ['qemu-user-static'], isThere: command('qemu-aarch64-static') },
  mingw: {
    packages: ['g++-mingw-w64-x86-64-posix'],
    isThere: command('x86_64-w64-mingw32-g++-posix'),
  },
  strace: { packages: ['strace'], isThere: command('strace') },
  faketime: { packages: ['faketime'], isThere: command('faketime') },
  ext4: { packages: ['e2fsprogs'], isThere: command('mkfs.ext4') },
  xfs: { packages: ['xfsprogs'], isThere: command('mkfs.xfs') },
  btrfs: { packages: ['btrfs-progs'], isThere: command('mkfs.btrfs') },
  valgrind: { packages: ['valgrind'], isThere: command('valgrind') },
  chromium: { packages: ['chromium'], isThere: command('chromium') },
};

/** Those of the named tools that are not there. */
export function missingTools(names) {
  return [...new Set(names)].filter((name) => !tools[name].isThere());
}

/** Installs the Debian packages of the named tools that are missing, where that is possible. */
export function installSystemPackages(names) {
  const missing = missingTools(names);
  if (missing.length === 0 || process.getuid?.() !== 0 || !hasCommand('apt-get')) return;
  const packages = missing.flatMap((name) => tools[name].packages);
  console.error(`installing ${packages.join(' ')}`);
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const install = (...some) => apt('install', '-y', '-q', '--no-install-recommends', ...some);
  if (install(...packages)) return;
  apt('update', '-q');
  // One by one: a package that this Debian does not have must not keep the others away.
  if (!install(...packages)) for (const name of packages) install(name);
}
