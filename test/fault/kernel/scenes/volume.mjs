// A file system in a file, mounted in the mount namespace of this process (needs.mjs): the kernel
// unmounts it and frees its loop device when the process ends, however it ends.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** mkfs.xfs makes nothing smaller than 300 MB; the file is sparse. */
export const megabytesOf = { ext4: 24, xfs: 320 };

export function run(command, ...args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${stderr.trim()}`);
}

const formats = {
  // Small inode tables; none of the blocks kept for root, who runs this.
  ext4: ['mkfs.ext4', '-q', '-F', '-b', '4096', '-m', '0'],
  xfs: ['mkfs.xfs', '-q', '-f'],
};

export class Volume {
  #image;
  /** Where it is mounted. */
  path;

  constructor(base, kind, { megabytes = megabytesOf[kind], options = [] } = {}) {
    this.#image = join(base, `${kind}.image`);
    this.path = join(base, 'volume');
    mkdirSync(this.path, { recursive: true });
    run('truncate', '-s', `${megabytes}M`, this.#image);
    run(...formats[kind], ...options, this.#image);
    this.mount();
  }

  mount() {
    run('mount', '-o', 'loop', this.#image, this.path);
  }

  /** The name of its block device, as in /sys/block. */
  device() {
    const { stdout } = spawnSync('findmnt', ['-n', '-o', 'SOURCE', this.path], {
      encoding: 'utf8',
    });
    return basename(stdout.trim());
  }

  unmount() {
    run('umount', this.path);
  }

  /** What is only in memory is gone; what a journal of the file system holds is replayed. */
  remount() {
    this.unmount();
    this.mount();
  }

  /** What an administrator does to a file system that met errors; 1: errors were corrected. */
  check() {
    const { status, stdout } = spawnSync('e2fsck', ['-f', '-y', this.#image], { encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(`e2fsck: ${stdout}`);
  }
}

/** The files of a directory that this process has open. */
export function openFilesIn(directory) {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(join('/proc/self/fd', descriptor));
      return path.startsWith(directory) ? [basename(path)] : [];
    } catch {
      return []; // the one that lists
    }
  });
}
