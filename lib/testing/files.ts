// The files of a simulated disk, for programs that keep them by themselves.

import { checkBytes, checkInteger, checkPath, typeError, valueError } from '../arguments';
import type { DiskSlot } from '../disk-context';
import { operate } from '../runtime';

/** How a file can be opened, as `node:fs` names it: `'w'` and `'w+'` empty it, `'x'` demands that it is new. */
const openFlags: Readonly<Record<string, { write: boolean; create: string; truncate: boolean }>> = {
  r: { write: false, create: 'never', truncate: false },
  'r+': { write: true, create: 'never', truncate: false },
  w: { write: true, create: 'if-missing', truncate: true },
  'w+': { write: true, create: 'if-missing', truncate: true },
  wx: { write: true, create: 'exclusive', truncate: false },
  'wx+': { write: true, create: 'exclusive', truncate: false },
};

/** Calls that change the disk are pending until a sync covers them; errors are `ERR_TIDEMARK_IO`. */
export interface SimulatedFiles {
  /** Opens a file and gives its descriptor. `flags`: 'r' (default), 'r+', 'w', 'w+', 'wx', 'wx+'. */
  open(path: string, flags?: string): Promise<number>;
  close(descriptor: number): Promise<void>;
  /** Writes all of it at an offset in bytes; behind the end by default. */
  write(descriptor: number, data: string | Uint8Array, position?: number): Promise<void>;
  /** Up to `length` bytes from an offset on; everything by default. */
  read(descriptor: number, position?: number, length?: number): Promise<Buffer>;
  truncate(descriptor: number, size: number): Promise<void>;
  /** Of a descriptor: its data and size are durable. Of a path: the entries of that directory are. */
  sync(target: number | string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  readdir(path: string): Promise<string[]>;
}

const descriptorOf = (value: unknown): number => checkInteger('descriptor', value, 1, 2 ** 32 - 1);

function bytesOf(data: unknown): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : checkBytes('data', data);
}

export function filesOf(slot: DiskSlot): SimulatedFiles {
  const size = (descriptor: number) =>
    operate<number>((operation) => slot.disk.size(operation, descriptor));
  return {
    async open(path, flags = 'r') {
      const target = checkPath('path', path);
      const mode = openFlags[flags];
      if (mode === undefined) {
        throw valueError(`"flags" must be one of ${Object.keys(openFlags).join(', ')}`);
      }
      return operate<number>((operation) =>
        slot.disk.open(operation, target, mode.write, mode.create, mode.truncate),
      );
    },
    async close(descriptor) {
      const file = descriptorOf(descriptor);
      await operate((operation) => slot.disk.close(operation, file));
    },
    async write(descriptor, data, position) {
      const file = descriptorOf(descriptor);
      const bytes = bytesOf(data);
      const offset =
        position === undefined ? await size(file) : checkInteger('position', position, 0);
      await operate((operation) => slot.disk.write(operation, file, offset, bytes));
    },
    async read(descriptor, position = 0, length = Number.MAX_SAFE_INTEGER) {
      const file = descriptorOf(descriptor);
      checkInteger('position', position, 0);
      checkInteger('length', length, 0);
      return operate<Buffer>((operation) => slot.disk.read(operation, file, position, length));
    },
    async truncate(descriptor, bytes) {
      const file = descriptorOf(descriptor);
      checkInteger('size', bytes, 0);
      await operate((operation) => slot.disk.truncate(operation, file, bytes));
    },
    async sync(target) {
      if (typeof target === 'number') {
        const file = descriptorOf(target);
        await operate((operation) => slot.disk.sync(operation, file));
      } else if (typeof target === 'string') {
        const path = checkPath('target', target);
        await operate((operation) => slot.disk.syncDirectory(operation, path));
      } else {
        throw typeError('target', 'a descriptor or the path of a directory', target);
      }
    },
    async rename(from, to) {
      const source = checkPath('from', from);
      const target = checkPath('to', to);
      await operate((operation) => slot.disk.rename(operation, source, target));
    },
    async unlink(path) {
      const target = checkPath('path', path);
      await operate((operation) => slot.disk.unlink(operation, target));
    },
    async mkdir(path) {
      const target = checkPath('path', path);
      await operate((operation) => slot.disk.mkdir(operation, target));
    },
    async readdir(path) {
      const target = checkPath('path', path);
      return operate<string[]>((operation) => slot.disk.readdir(operation, target));
    },
  };
}
