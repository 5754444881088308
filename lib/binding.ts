// The types of what the addon exports (native/addon/addon.cpp). Types only; lib/native.ts loads it.
// An operation is started with a number that the caller chose; its outcome comes later, through the
// `complete` function of connect(), with the same number.

/** What the core says of a failure; lib/failure.ts makes the error of it. */
export interface NativeFailure {
  code: string;
  message: string;
  path?: string;
  segment?: number;
  offset?: number;
  fromSeq?: number;
  toSeq?: number;
  holder?: string;
  row?: string;
  outcome?: 'not-written' | 'unknown';
  cause?: { message: string; code: string; syscall: string; errno?: number; path?: string };
}

/** Facts recorded at creation, in every segment's header. */
export interface NativeHeader {
  id: string;
  epoch: string;
  codecName: string;
  codecVersion: number;
  /** '' for none. */
  hashName: string;
  hashBytes: number;
  application: string;
  startSeq: number;
}

export interface NativeOptions {
  codecName?: string;
  codecVersion?: number;
  hashName?: string;
  hashBytes?: number;
  application?: string;
  startSeq?: number;
  durabilityKind?: number;
  intervalMs?: number;
  segmentBytes?: number;
  maxRecordBytes?: number;
  maxPendingBytes?: number;
  commitMaxBytes?: number;
  commitMaxRecords?: number;
  lingerMs?: number;
  retainMaxBytes?: number;
  retainMaxRecords?: number;
  retainMaxAgeMs?: number;
  /** Absent for 'auto'. */
  direct?: boolean;
  blockPadding?: boolean;
  idleMarkMs?: number;
  expectSeq?: number;
  mode?: number;
  allowNetwork?: boolean;
  skipCorruption?: boolean;
}

export interface NativeRejection {
  from: number;
  to: number;
  failure: NativeFailure;
}

export interface NativeSkippedRange {
  segment: number;
  offset: number;
  bytes: number;
  fromSeq: number;
  toSeq: number;
  reason: string;
}

/** Records with contiguous seqs, payloads one behind the other. */
export interface NativeBatch {
  firstSeq: number;
  segment: number;
  bytes: Buffer;
  lengths: Uint32Array;
  attributes?: Buffer;
  hashes?: Buffer;
  skipped?: NativeSkippedRange[];
}

/** The records of getMany that were found, in the order asked for. */
export interface NativeFound extends NativeBatch {
  /** One byte for each seq asked for: 1 where it was found. */
  present: Buffer;
  /** The segment of each record found. */
  segments: Float64Array;
}

export interface NativeCursor {
  name: string;
  seq: number;
  lag: number;
}

export interface NativeEvent {
  kind: 'commit' | 'rotate' | 'seal' | 'poison';
  firstSeq: number;
  lastSeq: number;
  records: number;
  bytes: number;
  segment: number;
  durationMs: number;
  message: string;
}

export interface NativeReader {
  read(
    operation: number,
    from: number,
    to: number,
    maxBytes: number,
    maxRecords: number,
    reverse: boolean,
    skip: boolean,
  ): void;
  getMany(operation: number, seqs: Float64Array): void;
  dictionary(operation: number, segment: number, hash: Uint8Array): void;
  release(): void;
}

export interface NativeJournal {
  id(): number;
  facts(): NativeHeader & {
    directory: string;
    recovery: object;
    options: {
      durabilityKind: number;
      intervalMs: number;
      maxRecordBytes: number;
      maxPendingBytes: number;
      highWaterBytes: number;
    };
  };
  handOver(
    bytes: Uint8Array,
    lengths: Uint32Array,
    attributes: Uint8Array | undefined,
    hashes: Uint8Array | undefined,
    control: Float64Array,
  ): NativeFailure | undefined;
  registerDictionary(payload: Uint8Array): NativeFailure | undefined;
  takeProgress(control: Float64Array): NativeRejection[] | undefined;
  failure(): NativeFailure | undefined;
  firstSeq(): number;
  lastSeq(): number;
  durableSeq(): number;
  epoch(): string;
  watch(on: boolean): void;
  requestSync(): void;
  segments(): object[];
  stats(): object;
  cursors(): NativeCursor[];
  collectEvents(on: boolean): void;
  takeEvents(): NativeEvent[];
  reader(): NativeReader;
  /** To be called when the operation of close() has completed. */
  forget(): void;
  close(operation: number): void;
  truncateBefore(operation: number, seq: number): void;
  openCursor(operation: number, name: string): void;
  advanceCursor(operation: number, name: string, expected: number, next: number): void;
  resetCursor(operation: number, name: string, to: number): void;
  deleteCursor(operation: number, name: string): void;
  snapshot(operation: number, out: string): void;
}

export interface NativeObserver {
  id(): number;
  facts(): NativeHeader & { recovery: object };
  /** [firstSeq, lastSeq] of what is shown now. */
  range(into: Float64Array): void;
  segments(): object[];
  epoch(): string;
  watch(on: boolean): void;
  takeFailure(): NativeFailure | undefined;
  reader(): NativeReader;
  refresh(operation: number): void;
  cursors(operation: number): void;
  snapshot(operation: number, out: string): void;
  close(): void;
}

export interface NativeLock {
  holder(): string;
  release(operation: number): void;
}

/** What a save says about its value. */
export interface NativeCheckpointSaving {
  coveredSeq: number;
  /** Hexadecimal digits; '' for none. */
  journalId: string;
  epoch: string;
  valueVersion: number;
  codecName: string;
  codecVersion: number;
  keep: number;
  /** Left to the system to write: it may be damaged or gone after a power cut. */
  unsynced?: boolean;
}

export interface NativeSaved {
  generation: number;
  /** The generation is that of a later call. */
  overtaken: boolean;
}

export interface NativeCheckpointListing {
  /** Ascending. */
  generations: Float64Array;
  temporaries: string[];
  foreign: string[];
  /** The newest one that is known to have been there before the look; 0 for none. */
  known: number;
}

export interface NativeCheckpointFacts {
  generation: number;
  coveredSeq: number;
  journalId: string;
  epoch: string;
  valueVersion: number;
  codecName: string;
  codecVersion: number;
  bodyBytes: number;
  fileBytes: number;
  savedAt: number;
  path: string;
}

export interface NativeCheckpointReader {
  facts(): NativeCheckpointFacts;
  read(operation: number): void;
  release(): void;
}

export interface NativeCheckpointStream {
  write(operation: number, bytes: Uint8Array): void;
  finish(operation: number): void;
  publish(operation: number): void;
  abandon(operation: number): void;
}

export interface NativeCheckpoint {
  codec(): { name: string; version: number } | undefined;
  ticket(): number;
  save(operation: number, ticket: number, bytes: Uint8Array, saving: NativeCheckpointSaving): void;
  begin(operation: number, ticket: number, saving: NativeCheckpointSaving): void;
  list(operation: number): void;
  readNewest(operation: number): void;
  readGeneration(operation: number, generation: number): void;
  close(operation: number): void;
}

export interface NativeDiskCall {
  kind: string;
  path: string;
  offset?: number;
  bytes?: number;
}

/** A simulated disk. `keep` is 'none', 'all' or 'random'. */
export interface NativeDisk {
  /** The disk that is found when the power is back; this one is dead. */
  cut(keep: string, seed: number): NativeDisk;
  /** False when kind or code is unknown. */
  fail(kind: string, nth: number, code: string, lasting: boolean): boolean;
  heal(): void;
  calls(): NativeDiskCall[];
  callCount(): number;
  takePictures(on: boolean): void;
  pictureCount(): number;
  pictureCall(picture: number): { ordinal: number; call?: NativeDiskCall };
  cutPicture(picture: number, keep: string, seed: number): { disk: NativeDisk; digest: string };
  open(operation: number, path: string, write: boolean, create: string, truncate: boolean): void;
  close(operation: number, descriptor: number): void;
  read(operation: number, descriptor: number, offset: number, length: number): void;
  write(operation: number, descriptor: number, offset: number, bytes: Uint8Array): void;
  size(operation: number, descriptor: number): void;
  truncate(operation: number, descriptor: number, size: number): void;
  sync(operation: number, descriptor: number): void;
  syncDirectory(operation: number, path: string): void;
  rename(operation: number, from: string, to: string): void;
  unlink(operation: number, path: string): void;
  mkdir(operation: number, path: string): void;
  readdir(operation: number, path: string): void;
}

export interface NativeBinding {
  makeDisk(options: { seed: number; powersafeOverwrite: boolean; lyingSync: boolean }): NativeDisk;
  /** Operations that begin from now on are made on it; undefined: on the disk of the system. */
  useDisk(disk: NativeDisk | undefined): void;
  /** The version of the package that the binary was built for. */
  readonly version: string;
  connect(
    complete: (operation: number, failure: NativeFailure | undefined, value: unknown) => void,
    changed: (handle: number) => void,
    postpone: () => void,
    hasLibuv: boolean,
  ): void;
  /** Calls `complete` and `changed` for what `postpone` was called for: in a later turn. */
  deliver(): void;
  /** Keeps the event loop alive until it is taken back. */
  hold(on: boolean): void;
  openJournal(operation: number, directory: string, options: NativeOptions): void;
  openObserver(operation: number, directory: string, options: NativeOptions): void;
  openCheckpoint(operation: number, directory: string, mode: number, readOnly: boolean): void;
  lockDirectory(operation: number, directory: string, mode: number): void;
  verify(
    operation: number,
    directory: string,
    options: { frames: boolean; bodies: boolean; expectSeq?: number },
  ): void;
  salvage(
    operation: number,
    directory: string,
    out: string,
    options: { mode?: number; allowNetwork?: boolean },
  ): void;
  writeFileAtomic(operation: number, path: string, data: Uint8Array, mode: number): void;
  readFile(operation: number, path: string): void;
  syncDirectory(operation: number, path: string): void;
  crc32c(data: Uint8Array, seed: number): number;
  crc32cKernel(): string;
  forceCrc32cKernel(name: string | undefined): boolean;
  /** The kernels that this processor runs. */
  crc32cKernels(): string[];
  fileSystem(operation: number, directory: string): void;
  probeDirect(operation: number, directory: string): void;
  measureSync(
    operation: number,
    directory: string,
    options: { mode: string; bytes: number; count: number; maxMs: number },
  ): void;
  /** Whether nobody can read any more what is written there; false where that cannot be known. */
  readerIsGone(descriptor: number): boolean;
}

export interface NativeFileSystem {
  name: string;
  network: boolean;
  copyOnWrite: boolean;
  freeBytes: number;
  totalBytes: number;
}

export interface NativeDirectSupport {
  supported: boolean;
  alignment: number;
  why: string;
}

/** One latency for each write that was made durable in a temporary file. */
export interface NativeSyncMeasurement {
  /** Why the disk does not do it. */
  refused?: string;
  bytes: number;
  nanoseconds: Float64Array;
}
