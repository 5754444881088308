// What these tests need of the machine, and why one cannot run here. Everything that mounts does so in
// a mount namespace of its own: the kernel takes mounts and loop devices back when the last process
// in it ends, however it ends.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCommand } from '../../../scripts/tools.mjs';

const onLinux = process.platform === 'linux';

/** Why calls cannot be traced; undefined where they can. */
export function whyNoTracing() {
  if (!onLinux) return 'strace is of Linux';
  if (!hasCommand('strace')) return 'strace is not installed';
  const tried = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `strace may not trace here: ${tried.stderr.trim()}`;
}

/** Why the clock of a process cannot be faked; undefined where it can. */
export function whyNoFakeTime() {
  if (!onLinux) return 'faketime is used on Linux only';
  return hasCommand('faketime') ? undefined : 'faketime is not installed';
}

/** Runs what follows in a mount namespace of its own, which ends with it. */
export const inNamespace = [
  ...['unshare', '--mount', '--propagation', 'private', '--kill-child=SIGKILL', '--'],
];

/** Why file systems cannot be mounted; undefined where they can. `kind`: 'ext4' or 'xfs'. */
export function whyNoMounts(kind = 'ext4') {
  if (!onLinux) return 'loop mounts are of Linux';
  if (process.getuid() !== 0) return 'loop mounts need root';
  const missing = ['unshare', 'mount', `mkfs.${kind}`].find((name) => !hasCommand(name));
  if (missing !== undefined) return `${missing} is not installed`;
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-mount-'));
  const image = join(directory, 'image');
  const script = `truncate -s 16M ${image} && mkfs.ext4 -q -F ${image} && mount -o loop ${image} ${directory}`;
  const [command, ...args] = [...inNamespace, 'sh', '-c', script];
  const tried = spawnSync(command, args, { encoding: 'utf8' });
  rmSync(directory, { recursive: true, force: true });
  if (tried.status !== 0) return `loop mounts are not possible here: ${tried.stderr.trim()}`;
  return undefined;
}

/** Why nothing can be compiled; undefined where it can. */
const whyNoCompiler = () => (hasCommand('cc') ? undefined : 'cc is not installed');

/** Why file systems cannot be shut down; undefined where they can. */
export const whyNoShutdown = (kind) => whyNoMounts(kind) ?? whyNoCompiler();

function compile(source, program, ...options) {
  const args = [...options, '-o', program, source, '-ldl'];
  const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return program;
}

const here = import.meta.dirname;

/** Compiles the program that shuts file systems down; its path. */
export const compileGodown = (directory) =>
  compile(join(here, 'godown.c'), join(directory, 'godown'));

/** Why calls cannot be made to fail in the process; undefined where they can. */
export const whyNoFaults = () =>
  onLinux ? whyNoCompiler() : 'calls are made to fail on Linux only';

/** Compiles the library that makes calls fail (test/support/faults.c); its path. */
export const compileFaults = (directory) =>
  compile(
    join(here, '..', '..', 'support', 'faults.c'),
    join(directory, 'faults.so'),
    '-shared',
    '-fPIC',
  );

/** Why no write can be begun in temporary directories; undefined where one can. */
export function whyNoBegunWrites() {
  const why = whyNoFaults();
  if (why !== undefined) return why;
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-begins-'));
  try {
    const program = compile(join(here, 'begins.c'), join(directory, 'begins'));
    const tried = spawnSync(program, [join(directory, 'file')], { encoding: 'utf8' });
    return tried.status === 0 ? undefined : `no write can be begun here: ${tried.stderr.trim()}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The name of a test with the reason why it is skipped, so that the count says it. */
export const because = (name, why) => (why === undefined ? name : `${name} (${why})`);
