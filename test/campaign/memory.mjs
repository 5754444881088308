// Memory while appends run far ahead of the disk: the producer ignores `writable` and only waits when
// it is told BUSY. The disk is slowed down with strace, which delays every fdatasync, so that the
// producer is ahead for records of every size; without strace the disk is as fast as it is.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { claim, MiB, runChild } from './support.mjs';

const BESIDE_PENDING = 64 * MiB;
/** Of one sync: with commits of 1 MiB the disk then takes about 4 MB a second. */
const SYNC_DELAY_MICROSECONDS = 250_000;

export function canSlowTheDisk() {
  const inject = [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fdatasync',
    '-e',
    'inject=fdatasync:delay_enter=1',
  ];
  return spawnSync('strace', [...inject, 'true']).status === 0;
}

const slowDisk = (log) => [
  ...['strace', '-f', '-qq', '--seccomp-bpf', '-o', log],
  ...['-e', 'trace=fdatasync'],
  ...['-e', `inject=fdatasync:delay_enter=${SYNC_DELAY_MICROSECONDS}`],
];

export async function memory({
  directory,
  cases,
  milliseconds,
  slow = canSlowTheDisk(),
  ahead = 10,
  log = () => {},
}) {
  const results = [];
  for (const { form, recordBytes, maxPendingBytes } of cases) {
    const name = `${form}-${recordBytes}-${maxPendingBytes}`;
    const wrapper = slow ? slowDisk(join(directory, `${name}.strace`)) : [];
    const result = await runChild(
      'ahead',
      { directory: join(directory, name), form, recordBytes, maxPendingBytes, milliseconds },
      { wrapper, nodeOptions: ['--expose-gc'] },
    );
    const grownBytes = result.peakBytes - result.startBytes;
    results.push({
      form,
      recordBytes,
      maxPendingBytes,
      ...result,
      grownBytes,
      allowedBytes: maxPendingBytes + BESIDE_PENDING,
      besidePendingMiB: Math.round((grownBytes - maxPendingBytes) / MiB),
      aheadOfDisk: Math.round(result.offeredPerSecond / result.durablePerSecond),
    });
    log(`${name}: grew by ${Math.round(grownBytes / MiB)} MiB, ${result.busy} times BUSY`);
  }
  const name = (one) => `${one.form}, ${one.recordBytes} B, ${one.maxPendingBytes / MiB} MiB`;
  return {
    figures: { syncDelayMs: slow ? SYNC_DELAY_MICROSECONDS / 1000 : 0, results },
    claims: results.flatMap((one) => [
      claim(
        `${name(one)}: at most maxPendingBytes + 64 MiB`,
        one.grownBytes <= one.allowedBytes,
        one.grownBytes,
        one.allowedBytes,
      ),
      claim(
        `${name(one)}: the producer was told BUSY, and everything accepted became durable`,
        one.busy > 0 && one.durable === one.accepted,
        one.durable,
        one.accepted,
      ),
      ...(slow
        ? [
            claim(
              `${name(one)}: appends ran ${ahead} times ahead of the disk`,
              one.aheadOfDisk >= ahead,
              one.aheadOfDisk,
              ahead,
            ),
          ]
        : []),
    ]),
  };
}
