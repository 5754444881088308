import { checkBytes, checkInteger } from '../arguments';
import type { NativeBinding } from '../binding';
import { native } from '../native';

const mostSeed = 0xffffffff;
let binding: NativeBinding | undefined;

/**
 * The CRC32C (Castagnoli) of bytes, by the fastest kernel that the processor has.
 *
 * @param seed The result for the preceding bytes, so that
 * `crc32c(b, crc32c(a))` is the checksum of `a` followed by `b`. Default 0.
 * @returns An unsigned 32-bit integer.
 */
export function crc32c(data: Uint8Array, seed = 0): number {
  checkBytes('data', data);
  if (seed !== 0) checkInteger('seed', seed, 0, mostSeed);
  binding ??= native();
  return binding.crc32c(data, seed);
}
