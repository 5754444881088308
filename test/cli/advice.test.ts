// The advice of `doctor` on disks that are not here: fakes of every kind.

import { describe, expect, it } from 'vitest';
import { advise, type DiskFacts, type SyncFact } from '#lib/cli/advice';

const ms = 1e6;
const gib = 2 ** 30;

function latency(p50: number, p99 = p50 * 2): NonNullable<SyncFact['latency']> {
  return { count: 1000, min: p50 / 2, mean: p50, p50, p90: p50 * 1.5, p99, p999: p99, max: p99 };
}

/** Both ways in turns, with the medians of the rounds in milliseconds. */
function comparison(buffered: number[], direct: number[]): SyncFact[] {
  const fact = (mode: SyncFact['mode'], rounds: number[]): SyncFact => ({
    mode,
    latency: latency((rounds[0] ?? 1) * ms),
    rounds: rounds.map((round) => round * ms),
  });
  return [fact('zero-filled', buffered), fact('direct', direct)];
}

function disk(changes: Partial<DiskFacts> = {}): DiskFacts {
  return {
    directory: '/data',
    fileSystem: {
      name: 'ext4',
      network: false,
      copyOnWrite: false,
      freeBytes: 100 * gib,
      totalBytes: 200 * gib,
    },
    direct: { supported: true, alignment: 512, why: 'probed: 512' },
    sync: [
      { mode: 'append', latency: latency(0.3 * ms) },
      ...comparison([0.15, 0.15, 0.15, 0.15], [0.15, 0.15, 0.15, 0.15]),
      { mode: 'direct-dsync', latency: latency(0.15 * ms) },
    ],
    kernel: { inUse: 'sse42_pclmul', available: ['table', 'sse42', 'sse42_pclmul'] },
    ...changes,
  };
}

const topics = (facts: DiskFacts): string[] => advise(facts).map(({ topic }) => topic);
const stops = (facts: DiskFacts): string[] =>
  advise(facts)
    .filter(({ level }) => level === 'stop')
    .map(({ topic }) => topic);

describe('advice', () => {
  it('for a usual disk is to leave everything as it is', () => {
    expect(topics(disk())).toEqual(['fast', 'direct']);
    expect(advise(disk()).every(({ level }) => level === 'good')).toBe(true);
  });

  it('for a slow disk is to share syncs', () => {
    const slow = disk({ sync: [{ mode: 'zero-filled', latency: latency(12 * ms) }] });
    const [advice] = advise(slow);
    expect(advice).toMatchObject({ topic: 'slow', level: 'care' });
    expect(advice?.text).toContain('12.0 ms');
    expect(advice?.text).toContain('about 83 a second');
    expect(advice?.text).toContain('appendBatch');
  });

  it('for a refusing disk is not to keep a journal there, and names the refusal', () => {
    const refusing = disk({
      sync: [{ mode: 'zero-filled', refused: 'EROFS: read-only file system' }],
    });
    expect(stops(refusing)).toEqual(['refused']);
    expect(advise(refusing)[0]?.text).toContain('EROFS');
    expect(topics(refusing)).not.toContain('fast');
  });

  it('for a network disk is not to keep a journal there', () => {
    const network = disk({
      fileSystem: { ...disk().fileSystem, name: 'nfs', network: true },
      sync: [{ mode: 'zero-filled', latency: latency(2 * ms) }],
    });
    expect(stops(network)).toEqual(['network']);
    expect(advise(network)[0]?.text).toContain('nfs');
    expect(advise(network)[0]?.text).toContain('ERR_TIDEMARK_UNSUPPORTED');
  });

  it('for a slow, a refusing and a network disk differs', () => {
    const kinds = [
      disk({ sync: [{ mode: 'zero-filled', latency: latency(12 * ms) }] }),
      disk({ sync: [{ mode: 'zero-filled', refused: 'EIO' }] }),
      disk({ fileSystem: { ...disk().fileSystem, name: 'cifs', network: true } }),
      disk(),
    ];
    const texts = kinds.map((facts) => advise(facts)[0]?.text);
    expect(new Set(texts).size).toBe(kinds.length);
  });

  it('for memory is that nothing lasts, however fast its sync is', () => {
    const memory = disk({
      fileSystem: { ...disk().fileSystem, name: 'tmpfs' },
      sync: [{ mode: 'zero-filled', latency: latency(500) }],
    });
    expect(stops(memory)).toEqual(['memory']);
    expect(topics(memory)).not.toContain('fast');
  });

  it('for a sync that is faster than any device is to look for who answers', () => {
    const lying = disk({ sync: [{ mode: 'zero-filled', latency: latency(800) }] });
    expect(topics(lying)).toContain('not-durable');
  });

  it('for a disk that others use names the wait', () => {
    const uneven = disk({ sync: [{ mode: 'zero-filled', latency: latency(0.2 * ms, 40 * ms) }] });
    expect(advise(uneven).find(({ topic }) => topic === 'uneven')?.text).toContain('40.0 ms');
  });

  it('compares O_DIRECT where it is supported and only then', () => {
    const faster = disk({
      sync: comparison([3, 3, 3, 3], [1, 1, 1, 1]),
    });
    expect(advise(faster).find(({ topic }) => topic === 'direct')?.text).toContain(
      'in 4 of 4 rounds: directIO: true may pay',
    );
    const refused = disk({ direct: { supported: false, alignment: 1, why: 'EINVAL' } });
    expect(advise(refused).find(({ topic }) => topic === 'direct')?.text).toContain('EINVAL');
  });

  it.each([
    ['a small difference', [1.4, 1.4, 1.4, 1.4], [1, 1, 1, 1], 'no clear difference'],
    ['a difference in half of the rounds', [9, 9, 1, 1], [1, 1, 1, 1], 'no clear difference'],
    ['rounds that contradict each other', [9, 1, 9, 1], [1, 9, 1, 9], 'no clear difference'],
    ['most rounds', [9, 9, 9, 1], [1, 1, 1, 1], 'may pay'],
    ['most rounds against it', [1, 1, 1, 9], [9, 9, 9, 1], 'leave directIO as it is'],
  ])('on O_DIRECT of %s', (_, buffered, direct, expected) => {
    const text = advise(disk({ sync: comparison(buffered, direct) })).find(
      ({ topic }) => topic === 'direct',
    )?.text;
    expect(text).toContain(expected);
  });

  it('warns of little space, a copy-on-write file system and slow checksums', () => {
    const facts = disk({
      fileSystem: {
        name: 'btrfs',
        network: false,
        copyOnWrite: true,
        freeBytes: 2 ** 20,
        totalBytes: gib,
      },
      kernel: { inUse: 'table', available: ['table'] },
    });
    expect(topics(facts)).toEqual(expect.arrayContaining(['copy-on-write', 'space', 'checksum']));
  });
});
