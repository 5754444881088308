// The power-cut rig: what it needs, the file systems, and a run of it (session.mjs) in namespaces of
// its own. A disk that forgets what no flush has covered is served by power_disk (disk/) as a file over
// /dev/fuse; a loop device over that file carries a real file system; the load writes there.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTargets, plain } from '../../scripts/native-builds.mjs';
import { hasCommand } from '../../scripts/tools.mjs';
import { integer, MiB, root } from '../campaign/support.mjs';

/** mkfs.xfs refuses less than 300 MiB. */
const IMAGE_BYTES = 384 * MiB;
const program = join(root, 'build', 'native', 'power_disk');
const SESSION_MINUTES = 15;

/**
 * `options` are those of mount(2). Discards are left out, so that what a cut may take back is writes.
 * `atomic`: Btrfs reads one copy of its superblock, of 4,096 bytes, and refuses to mount when it does not
 * match its checksum; nothing of ours can show behind that, so the rig does not tear it.
 */
export const fileSystems = {
  ext4: {
    mkfs: ['mkfs.ext4', '-q', '-F', '-E', 'nodiscard'],
    options: 'noinit_itable',
    atomic: [],
  },
  xfs: { mkfs: ['mkfs.xfs', '-q', '-K'], options: 'nouuid', atomic: [] },
  btrfs: {
    mkfs: ['mkfs.btrfs', '-q', '-K'],
    options: 'nodiscard',
    atomic: ['65536:4096', '67108864:4096'],
  },
};

export const modes = ['drop', 'subset', 'torn', 'reordered', 'prefix'];

const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

function cannotUse(path) {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch ({ code }) {
    return `${path}: ${code}`;
  }
}

/** Why the rig cannot run here; undefined when it can. */
export function whyNot() {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid() !== 0) return 'not root';
  for (const name of ['cmake', 'ninja', 'unshare']) {
    if (!hasCommand(name)) return `${name} is not installed`;
  }
  const device = cannotUse('/dev/fuse') ?? cannotUse('/dev/loop-control');
  if (device) return device;
  const { status, stderr } = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no namespaces of its own: ${stderr.trim()}`;
}

/** Why a file system cannot be used here; undefined when it can. */
export function whyNotOn(type) {
  const general = whyNot();
  if (general) return general;
  const [mkfs] = fileSystems[type].mkfs;
  if (!hasCommand(mkfs)) return `${mkfs} is not installed`;
  const isKnown = () =>
    readFileSync('/proc/filesystems', 'utf8')
      .split('\n')
      .some((line) => line.endsWith(`\t${type}`));
  if (!isKnown() && hasCommand('modprobe')) spawnSync('modprobe', [type]);
  return isKnown() ? undefined : `the kernel has no ${type}`;
}

/** Builds power_disk where that is not done. */
export async function buildPowerDisk() {
  if (!(await buildTargets(plain, ['power_disk']))) throw new Error('power_disk: no build');
}

/** A new image with an empty file system. */
export function makeImage(directory, type) {
  const image = join(directory, `empty-${type}`);
  writeFileSync(image, '');
  truncateSync(image, IMAGE_BYTES);
  const [command, ...args] = fileSystems[type].mkfs;
  const { status, stderr } = spawnSync(command, [...args, image], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return image;
}

/** Writes that must be pending when the power is cut, if that comes: mostly one. */
const leastPending = [0, 1, 1, 1, 2, 3];
const MOST_REQUESTS = [8, 8, 60, 300];
/** A load needs a moment to start. */
const MOST_MS_AT_START = 2000;

/**
 * Draws when the power is cut: behind so many writes and flushes, mostly few, so that cuts meet each
 * step of a commit, sometimes many, so that they meet rotations; the modes in turn. The first
 * `atStart` are ordered before the load starts: they meet its first steps.
 */
export function drawCuts(random, count, { firstMode = 0, atStart = 0, only } = {}) {
  return Array.from({ length: count }, (_, n) => ({
    mode: only ?? modes[(firstMode + n) % modes.length],
    seed: integer(random, 1, 2 ** 31),
    after: integer(random, 1, MOST_REQUESTS[integer(random, 0, MOST_REQUESTS.length - 1)]),
    least: leastPending[integer(random, 0, leastPending.length - 1)],
    milliseconds: integer(random, 100, 400),
    ...(n < atStart && { after: integer(random, 1, 12), milliseconds: MOST_MS_AT_START }),
  }));
}

/**
 * Runs a program of Node in mount and process namespaces of its own, with `input` as its argument;
 * what it prints, as JSON. Its mounts and its children end with it, and it with this process.
 */
export function inNamespaces(script, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'unshare',
      [...namespaces, process.execPath, join(import.meta.dirname, script), JSON.stringify(input)],
      // Its standard input stays open: when this process ends, the program does.
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    const timer = setTimeout(() => {
      complaint += `stopped after ${SESSION_MINUTES} minutes`;
      child.kill('SIGKILL');
    }, SESSION_MINUTES * 60_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${script} ended with ${code ?? signal}\n${complaint}`));
    });
  });
}

/** One run; see session.mjs for what it takes. Resolves with a verdict for each cut. */
export function runSession({ type, ...spec }) {
  const { options, atomic } = fileSystems[type];
  const defaults = { program, type, options, atomic, cutsAtStart: 0, lies: false };
  return inNamespaces('session.mjs', { ...defaults, ...spec });
}

/** Cuts of a disk without a file system; see disk-alone.mjs. */
export const runDiskAlone = (spec) => inNamespaces('disk-alone.mjs', { program, ...spec });
