// What follows from the facts of a disk: pure, so that every disk can be tried in a test.

import * as format from './format';
import type { Latency } from './histogram';

export type SyncMode = 'append' | 'zero-filled' | 'direct' | 'direct-dsync';

export interface SyncFact {
  readonly mode: SyncMode;
  /** Why the disk does not do it; without it there is a latency. */
  readonly refused?: string;
  readonly latency?: Latency;
  /** Medians of the rounds in which the modes took turns, in nanoseconds. */
  readonly rounds?: readonly number[];
}

export interface DiskFacts {
  readonly directory: string;
  readonly fileSystem: {
    readonly name: string;
    readonly network: boolean;
    readonly copyOnWrite: boolean;
    readonly freeBytes: number;
    readonly totalBytes: number;
  };
  readonly direct: {
    readonly supported: boolean;
    readonly alignment: number;
    readonly why: string;
  };
  readonly sync: readonly SyncFact[];
  readonly kernel: { readonly inUse: string; readonly available: readonly string[] };
}

export interface Advice {
  /** 'stop': do not keep a journal here. 'care': works, with something to know. 'good': as it should. */
  readonly level: 'stop' | 'care' | 'good';
  /** Stable, for programs. */
  readonly topic:
    | 'network'
    | 'memory'
    | 'refused'
    | 'not-durable'
    | 'slow'
    | 'uneven'
    | 'fast'
    | 'copy-on-write'
    | 'direct'
    | 'space'
    | 'checksum';
  readonly text: string;
}

const ms = 1e6;
/** A disk that turns, a busy cloud volume: one sync is worth thousands of records. */
const slowSync = 4 * ms;
/** Below it no device has answered: it takes a flash device with power-loss protection 10 µs. */
const impossibleSync = 5e3;
/** A 99th percentile so many times the median will be noticed by callers. */
const unevenRatio = 20;
const lowSpaceBytes = 512 * 2 ** 20;
const lowSpaceShare = 0.05;
const memoryFileSystems: readonly string[] = ['tmpfs', 'ramfs', 'devtmpfs'];

export function advise(facts: DiskFacts): Advice[] {
  const kind = adviseKind(facts);
  // Where nothing can be written, how fast or how full it is says nothing.
  if (usual(facts)?.refused !== undefined) return [...kind, ...adviseSync(facts)];
  return [
    ...kind,
    ...adviseSync(facts),
    ...adviseDirect(facts),
    ...adviseSpace(facts),
    ...adviseChecksum(facts),
  ];
}

/** The mode that a journal would use here without being told: the safe one, on zero-filled files. */
function usual(facts: DiskFacts): SyncFact | undefined {
  return (
    facts.sync.find((fact) => fact.mode === 'zero-filled') ??
    facts.sync.find((fact) => fact.mode === 'append')
  );
}

function adviseKind({ fileSystem }: DiskFacts): Advice[] {
  if (fileSystem.network) {
    return [
      {
        level: 'stop',
        topic: 'network',
        text:
          `${fileSystem.name} is a network file system: locks and syncs mean less than on a local ` +
          'disk, and another machine may hold other bytes. Open refuses it with ' +
          'ERR_TIDEMARK_UNSUPPORTED; keep the journal on a local disk and ship it from there. ' +
          'allowNetwork: true takes the risk knowingly.',
      },
    ];
  }
  if (memoryFileSystems.includes(fileSystem.name)) {
    return [
      {
        level: 'stop',
        topic: 'memory',
        text:
          `${fileSystem.name} lives in memory: everything is gone when the machine stops, whatever ` +
          'a sync says. Choose a directory on a disk; this one is good for tests.',
      },
    ];
  }
  if (fileSystem.copyOnWrite) {
    return [
      {
        level: 'care',
        topic: 'copy-on-write',
        text:
          `${fileSystem.name} writes every block anew, so that files zero-filled ahead gain nothing ` +
          'and each sync also writes the tree above it. Expect slower commits; more callers at ' +
          'once share them.',
      },
    ];
  }
  return [];
}

function adviseSync(facts: DiskFacts): Advice[] {
  const fact = usual(facts);
  if (fact?.refused !== undefined) {
    return [
      {
        level: 'stop',
        topic: 'refused',
        text:
          `This disk refuses to write and sync a file (${fact.refused}): no record could become ` +
          'durable. Look for a read-only mount, missing permissions, a full disk or quota, or ' +
          'errors of the device in the system log.',
      },
    ];
  }
  const latency = fact?.latency;
  if (latency === undefined || memoryFileSystems.includes(facts.fileSystem.name)) return [];
  const p50 = format.nanoseconds(latency.p50);
  const perSecond = format.count(1e9 / latency.p50);
  const advice: Advice[] = [];
  if (latency.p50 < impossibleSync) {
    advice.push({
      level: 'care',
      topic: 'not-durable',
      text:
        `A sync takes ${p50}, less than any device needs: something between here and the disk ` +
        'answers without asking it. Look for a mount option such as nobarrier, a virtual disk ' +
        'with an unsafe write cache, or a library that disables fsync.',
    });
  } else if (latency.p50 > slowSync) {
    advice.push({
      level: 'care',
      topic: 'slow',
      text:
        `A sync takes ${p50}: a caller who waits for each record gets about ${perSecond} a second. ` +
        'Let many callers append at once, or use appendBatch: they share one sync. Where the last ' +
        'moments may be lost in a power cut, durability: { intervalMs: 100 } acknowledges at once.',
    });
  } else {
    advice.push({
      level: 'good',
      topic: 'fast',
      text:
        `A sync takes ${p50}: the default durability fits. One caller who waits for each record gets ` +
        `about ${perSecond} a second, and callers at the same time share syncs.`,
    });
  }
  if (latency.p50 >= impossibleSync && latency.p99 > unevenRatio * latency.p50) {
    advice.push({
      level: 'care',
      topic: 'uneven',
      text:
        `One sync in a hundred takes ${format.nanoseconds(latency.p99)} or more, ` +
        `${format.count(latency.p99 / latency.p50)} times the usual: something else uses the disk. ` +
        'Give the journal a disk of its own where such a wait matters.',
    });
  }
  return advice;
}

function adviseDirect({ direct, sync, fileSystem }: DiskFacts): Advice[] {
  if (!direct.supported) {
    return [
      {
        level: fileSystem.network ? 'care' : 'good',
        topic: 'direct',
        text:
          `O_DIRECT is refused here (${direct.why}): the journal writes through the page cache, ` +
          'and after a crash drops it before it reads. Nothing to do.',
      },
    ];
  }
  const buffered = sync.find((fact) => fact.mode === 'zero-filled')?.rounds ?? [];
  const straight = sync.find((fact) => fact.mode === 'direct')?.rounds ?? [];
  const rounds = Math.min(buffered.length, straight.length);
  if (rounds === 0) return [];
  const gains = Array.from(
    { length: rounds },
    (_, at) => (buffered[at] ?? 1) / (straight[at] ?? 1),
  );
  const faster = gains.filter((gain) => gain > clearRatio).length;
  const slower = gains.filter((gain) => gain < 1 / clearRatio).length;
  const clear = (times: number): boolean => times / rounds >= clearShare;
  const where = (times: number): string => `in ${times} of ${rounds} rounds`;
  const text = clear(faster)
    ? `O_DIRECT was more than ${clearRatio} times as fast ${where(faster)}: directIO: true may pay; measure it with "tidemark bench --direct on".`
    : clear(slower)
      ? `O_DIRECT took more than ${clearRatio} times as long ${where(slower)}: leave directIO as it is.`
      : 'O_DIRECT makes no clear difference here: leave directIO as it is.';
  return [{ level: 'good', topic: 'direct', text }];
}

/** Two runs of the same mode differ by less on most machines. */
const clearRatio = 1.5;
/** Of the rounds; what only some of them show is noise. */
const clearShare = 0.75;

function adviseSpace({ fileSystem }: DiskFacts): Advice[] {
  const { freeBytes, totalBytes } = fileSystem;
  if (freeBytes >= lowSpaceBytes && freeBytes >= totalBytes * lowSpaceShare) return [];
  return [
    {
      level: 'care',
      topic: 'space',
      text:
        `Only ${format.bytes(freeBytes)} of ${format.bytes(totalBytes)} are free. A full disk ` +
        'rejects appends with ERR_TIDEMARK_NO_SPACE and loses nothing; segments are filled with ' +
        'zeros ahead, so leave room for two of them, or lower segmentBytes.',
    },
  ];
}

function adviseChecksum({ kernel }: DiskFacts): Advice[] {
  if (kernel.inUse !== 'table') return [];
  return [
    {
      level: 'care',
      topic: 'checksum',
      text:
        'Checksums are computed without help from the CPU (kernel "table"), about ten times slower ' +
        'than usual: it shows above some hundred megabytes a second.',
    },
  ];
}
