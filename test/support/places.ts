// A simulated disk or a directory of the real one, with what a scenario does to files by itself.
import { mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SimulatedDisk } from 'tidemark/testing';
import { temporaryDirectory } from './journals';

interface Files {
  read(path: string): Promise<Buffer>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  names(path: string): Promise<string[]>;
}

export interface Place {
  /** Not made yet. */
  readonly directory: string;
  readonly files: Files;
  run<R>(body: () => Promise<R>): Promise<R>;
}

export function simulated(): Place {
  const disk = new SimulatedDisk();
  const { fs } = disk;
  const files: Files = {
    async read(path) {
      const file = await fs.open(path);
      const bytes = await fs.read(file);
      await fs.close(file);
      return bytes;
    },
    async write(path, bytes) {
      const file = await fs.open(path, 'w');
      await fs.write(file, bytes, 0);
      await fs.close(file);
    },
    remove: (path) => fs.unlink(path),
    makeDirectory: (path) => fs.mkdir(path),
    names: (path) => fs.readdir(path),
  };
  return { directory: '/scan', files, run: (body) => disk.run(body) };
}

export function real(): Place {
  const files: Files = {
    read: (path) => readFile(path),
    async write(path, bytes) {
      await writeFile(path, bytes, { mode: 0o600 });
    },
    remove: (path) => unlink(path),
    async makeDirectory(path) {
      await mkdir(path);
    },
    async names(path) {
      return (await readdir(path)).sort();
    },
  };
  return { directory: join(temporaryDirectory(), 'scan'), files, run: (body) => body() };
}

/** Changes a bit of a byte. */
export async function flip({ files }: Place, path: string, at: number): Promise<void> {
  const bytes = await files.read(path);
  bytes[at] = (bytes[at] as number) ^ 4;
  await files.write(path, bytes);
}

/** The files of a directory and of those in it, by their paths below it. */
export type Image = ReadonlyMap<string, Buffer>;

/** The system's code: the simulated disk's stands in the cause. */
function codeOf(error: unknown): unknown {
  const { cause, code } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? code;
}

async function filesBelow(place: Place, directory: string, below: string): Promise<Image> {
  const image = new Map<string, Buffer>();
  for (const name of await place.files.names(join(directory, below))) {
    const path = join(below, name);
    const inside = await filesBelow(place, directory, path).catch((error) => {
      if (codeOf(error) !== 'ENOTDIR') throw error;
      return undefined; // a file
    });
    for (const [inner, bytes] of inside ?? []) image.set(inner, bytes);
    if (inside === undefined) image.set(path, await place.files.read(join(directory, path)));
  }
  return image;
}

/** What a process leaves that is killed now. */
export async function imageOf(place: Place, directory: string): Promise<Image> {
  for (;;) {
    try {
      return await filesBelow(place, directory, '');
    } catch (error) {
      // The journal is open: a file went, or got its name, since the directory was listed.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** Makes a directory of an image. */
export async function restore({ files }: Place, directory: string, image: Image): Promise<void> {
  const made = new Set<string>();
  const make = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    if (path.length > directory.length) await make(join(path, '..'));
    made.add(path);
    await files.makeDirectory(path);
  };
  await make(directory);
  for (const [path, bytes] of image) {
    await make(join(directory, path, '..'));
    await files.write(join(directory, path), bytes);
  }
}
