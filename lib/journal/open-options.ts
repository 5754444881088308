// Checks the options of Journal.open and sorts them: what the core gets, and what stays in JS.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkText,
  checkWord,
  nearest,
  typeError,
  valueError,
} from '../arguments';
import type { NativeOptions } from '../binding';
import { type CodecChoice, checkCodec, checkContentHash, type HashChoice } from '../codec/resolve';
import { checkSchema, type StandardSchemaV1 } from '../codec/schema';
import { TidemarkError } from '../errors';
import type { SkippedRange } from '../recovery/report';
import type { Durability, JournalOptions } from './options';

const mebibyte = 1024 * 1024;
const leastSegmentBytes = 65_536;
const mostSegmentBytes = 4096 * mebibyte;
const mostBodyBytes = 256 * mebibyte;
const mostCommitRecords = 1_048_576;
const mostLingerMs = 1000;
const mostIntervalMs = 3_600_000;
const mostIdleMarkMs = 60_000;
const applicationMostBytes = 64;
const mostMode = 0o777;

const names = [
  'codec',
  'contentHash',
  'application',
  'startSeq',
  'schema',
  'durability',
  'segmentBytes',
  'maxRecordBytes',
  'maxPendingBytes',
  'commit',
  'retain',
  'directIO',
  'padding',
  'idleMarkMs',
  'expectSeq',
  'mode',
  'allowNetwork',
  'readOnly',
  'onCorruption',
  'onSkip',
] as const satisfies readonly (keyof JournalOptions<unknown>)[];

/** A durability as the hand-over takes it. */
export interface DurabilityChoice {
  /** 0 commit, 1 interval, 2 os: the order of the enumeration in native/journal/options.hpp. */
  kind: 0 | 1 | 2;
  intervalMs: number;
}

const commit: DurabilityChoice = { kind: 0, intervalMs: 0 };
const os: DurabilityChoice = { kind: 2, intervalMs: 0 };

export function checkDurability(value: unknown): DurabilityChoice {
  if (typeof value === 'string') {
    if (value === 'commit') return commit;
    if (value === 'os') return os;
    throw valueError(
      `"durability" must be 'commit', 'os' or { intervalMs }, not '${value}'; ` +
        `the nearest is '${nearest(value, ['commit', 'os'])}'`,
    );
  }
  if (typeof value !== 'object' || value === null) {
    throw typeError('durability', "'commit', 'os' or { intervalMs }", value);
  }
  const { intervalMs } = checkOptions<Extract<Durability, object>>('durability', value, [
    'intervalMs',
  ]);
  return {
    kind: 1,
    intervalMs: checkNumber('durability.intervalMs', intervalMs, 1, mostIntervalMs),
  };
}

export interface OpenChoices {
  native: NativeOptions;
  codec: CodecChoice | undefined;
  hash: HashChoice | undefined;
  schema: StandardSchemaV1<unknown> | undefined;
  /** Absent when the options do not name one. */
  durability: DurabilityChoice | undefined;
  readOnly: boolean;
  onSkip: ((range: SkippedRange) => void) | undefined;
}

type Given = Partial<JournalOptions<unknown>>;

function checkRecorded(given: Given, native: NativeOptions): Pick<OpenChoices, 'codec' | 'hash'> {
  const codec = checkCodec(given.codec);
  if (codec !== undefined) {
    native.codecName = codec.name;
    native.codecVersion = codec.version;
  }
  const hash = checkContentHash(given.contentHash);
  if (hash !== undefined) {
    native.hashName = hash.name;
    native.hashBytes = hash.bytes;
  }
  if (codec?.structures && hash !== undefined && hash.name !== '') throw structuresWithHash();
  if (given.application !== undefined) {
    native.application = checkText('application', given.application, applicationMostBytes);
  }
  if (given.startSeq !== undefined) native.startSeq = checkInteger('startSeq', given.startSeq, 1);
  return { codec, hash };
}

export function structuresWithHash(): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_CONFIG',
    'msgpack with structures does not go together with contentHash: ' +
      'a digest of such a record would not cover its field names; leave one of the two out',
  );
}

function checkSizes(given: Given, native: NativeOptions): void {
  if (given.segmentBytes !== undefined) {
    native.segmentBytes = checkInteger(
      'segmentBytes',
      given.segmentBytes,
      leastSegmentBytes,
      mostSegmentBytes,
    );
  }
  if (given.maxRecordBytes !== undefined) {
    native.maxRecordBytes = checkInteger('maxRecordBytes', given.maxRecordBytes, 1, mostBodyBytes);
  }
  if (given.maxPendingBytes !== undefined) {
    native.maxPendingBytes = checkInteger('maxPendingBytes', given.maxPendingBytes, 1);
  }
  if (given.commit !== undefined) {
    const { maxBytes, maxRecords, lingerMs } = checkOptions<
      NonNullable<JournalOptions<unknown>['commit']>
    >('commit', given.commit, ['maxBytes', 'maxRecords', 'lingerMs']);
    if (maxBytes !== undefined) {
      native.commitMaxBytes = checkInteger('commit.maxBytes', maxBytes, 1, mostBodyBytes);
    }
    if (maxRecords !== undefined) {
      native.commitMaxRecords = checkInteger('commit.maxRecords', maxRecords, 1, mostCommitRecords);
    }
    if (lingerMs !== undefined) {
      native.lingerMs = checkNumber('commit.lingerMs', lingerMs, 0, mostLingerMs);
    }
  }
  if (given.retain !== undefined) {
    const { maxBytes, maxRecords, maxAgeMs } = checkOptions<
      NonNullable<JournalOptions<unknown>['retain']>
    >('retain', given.retain, ['maxBytes', 'maxRecords', 'maxAgeMs']);
    if (maxBytes !== undefined)
      native.retainMaxBytes = checkInteger('retain.maxBytes', maxBytes, 1);
    if (maxRecords !== undefined) {
      native.retainMaxRecords = checkInteger('retain.maxRecords', maxRecords, 1);
    }
    if (maxAgeMs !== undefined)
      native.retainMaxAgeMs = checkInteger('retain.maxAgeMs', maxAgeMs, 1);
  }
}

function checkWriting(given: Given, native: NativeOptions): DurabilityChoice | undefined {
  const durability = given.durability === undefined ? undefined : checkDurability(given.durability);
  if (durability !== undefined) {
    native.durabilityKind = durability.kind;
    native.intervalMs = durability.intervalMs;
  }
  const direct: unknown = given.directIO;
  if (typeof direct === 'string') checkWord('directIO', direct, ['auto']);
  else if (direct !== undefined) native.direct = checkBoolean('directIO', direct);
  if (given.padding !== undefined) {
    native.blockPadding = checkWord('padding', given.padding, ['none', 'block']) === 'block';
  }
  if (given.idleMarkMs !== undefined) {
    native.idleMarkMs = checkNumber('idleMarkMs', given.idleMarkMs, 0, mostIdleMarkMs);
  }
  if (given.expectSeq !== undefined) {
    native.expectSeq = checkInteger('expectSeq', given.expectSeq, 0);
  }
  if (given.mode !== undefined) native.mode = checkInteger('mode', given.mode, 0, mostMode);
  if (given.allowNetwork !== undefined) {
    native.allowNetwork = checkBoolean('allowNetwork', given.allowNetwork);
  }
  return durability;
}

export function checkOpenOptions(options: unknown): OpenChoices {
  const given: Given = checkOptions<JournalOptions<unknown>>('Journal.open', options, names);
  const native: NativeOptions = {};
  const { codec, hash } = checkRecorded(given, native);
  const schema = checkSchema(given.schema);
  checkSizes(given, native);
  const durability = checkWriting(given, native);
  const readOnly = given.readOnly === undefined ? false : checkBoolean('readOnly', given.readOnly);
  if (given.onSkip !== undefined) checkFunction('onSkip', given.onSkip);
  if (given.onCorruption !== undefined) {
    native.skipCorruption =
      checkWord('onCorruption', given.onCorruption, ['throw', 'skip']) === 'skip';
    if (native.skipCorruption && !readOnly) {
      throw valueError(
        "onCorruption: 'skip' needs readOnly: true, so that damage is never written over",
      );
    }
  }
  return { native, codec, hash, schema, durability, readOnly, onSkip: given.onSkip };
}
