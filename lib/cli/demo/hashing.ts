// Hashes one file in pieces, so that its size does not matter.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../exit';
import type { FileRecord } from './protocol';

const pieceBytes = 256 * 1024;
const piece = Buffer.allocUnsafe(pieceBytes);

export function hashFile(root: string, path: string): FileRecord {
  let file: number | undefined;
  try {
    file = openSync(join(root, path), 'r');
    const { mtimeMs } = fstatSync(file);
    const hash = createHash('sha256');
    let size = 0;
    for (;;) {
      const read = readSync(file, piece, 0, pieceBytes, null);
      if (read === 0) break;
      hash.update(piece.subarray(0, read));
      size += read;
    }
    return { path, size, mtimeMs, sha256: hash.digest('hex') };
  } catch (error) {
    return { path, size: 0, mtimeMs: 0, error: codeOf(error) ?? String(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
