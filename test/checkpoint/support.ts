// Checkpoints that close by themselves, and what the tests say about their directories.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, type CheckpointOptions } from 'tidemark';
import { onTestFinished } from 'vitest';

/** Opens a checkpoint that is closed when the test ends, if the test did not. */
export async function openCheckpoint<T = unknown>(
  directory: string,
  options?: CheckpointOptions<T>,
): Promise<Checkpoint<T>> {
  const checkpoint = await Checkpoint.open<T>(directory, options);
  onTestFinished(() => checkpoint.close().catch(() => {}));
  return checkpoint;
}

export function fileName(generation: number): string {
  return `checkpoint-${generation.toString(16).padStart(16, '0')}.tide`;
}

/** The files of generations in a directory, oldest first. */
export function generationFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^checkpoint-[0-9a-f]{16}\.tide$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

export function temporaries(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.tmp'));
}

/** A directory with the files of another one, of which `change` may change the bytes. */
export function copyWith(
  from: string,
  to: string,
  change: (name: string, bytes: Buffer) => Buffer | undefined,
): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const bytes = change(name, readFileSync(join(from, name)));
    if (bytes !== undefined) writeFileSync(join(to, name), bytes);
  }
}

export function flipBit(path: string, bit: number): void {
  const bytes = readFileSync(path);
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  writeFileSync(path, bytes);
}

/** Bytes that are nowhere the same, in pieces. */
export async function* pieces(total: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < total; at += size) {
    const piece = Buffer.alloc(Math.min(size, total - at));
    for (let i = 0; i < piece.length; i++) piece[i] = (at + i) * 31 + ((at + i) >> 8);
    yield piece;
  }
}

export async function joined(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
