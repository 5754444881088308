// What stands behind a Checkpoint. Rooms above use it for what users need not see: a generation that
// is published only when the records that it covers are durable.

import { join } from 'node:path';
import { checkPath } from '../arguments';
import type {
  NativeCheckpoint,
  NativeCheckpointListing,
  NativeCheckpointReader,
  NativeCheckpointSaving,
  NativeSaved,
} from '../binding';
import type { WireCodec } from '../codec/codec';
import { encodeError, refusePromise } from '../codec/encode-error';
import { builtInCodecVersion, resolveCodec } from '../codec/resolve';
import { validate } from '../codec/schema';
import { TidemarkError } from '../errors';
import { operate, runtime } from '../runtime';
import { publishCheckpoint } from './diagnostics';
import { codecMismatch, factsOf, headerOf, loadValue } from './loading';
import { checkOpenOptions, type OpenChoices, type SaveChoices } from './open-options';
import type {
  CheckpointGeneration,
  LenientCheckpoint,
  LoadedCheckpoint,
  RejectedCheckpoint,
  StreamedCheckpoint,
} from './options';
import { chunksOf, readThrough, saveStream } from './stream';

const defaultCodec = 'msgpack';
// A writer elsewhere removes what is about to be opened: each time it has saved again meanwhile.
const mostLooks = 100;

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof TidemarkError) || error.code !== 'ERR_TIDEMARK_IO') return false;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Damage is what the medium did to the file; that a program cannot read it is something else. */
function isDamage(error: unknown): error is TidemarkError {
  if (!(error instanceof TidemarkError)) return false;
  if (error.code === 'ERR_TIDEMARK_CORRUPT') return true;
  const cause = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return error.code === 'ERR_TIDEMARK_IO' && cause === 'EIO';
}

function allDamaged(directory: string, rejected: readonly RejectedCheckpoint[], cause: unknown) {
  const reasons = rejected.map(({ reason }) => reason).join('\n');
  return new TidemarkError(
    'ERR_TIDEMARK_CORRUPT',
    `every generation of the checkpoint in ${directory} is damaged; nothing was changed: ` +
      `restore the directory from a backup\n${reasons}`,
    { path: directory, cause },
  );
}

export class CheckpointCore<T> {
  readonly directory: string;
  readonly #native: NativeCheckpoint;
  readonly #choices: OpenChoices;
  readonly #codec: WireCodec<unknown>;
  readonly #saves = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(
    directory: string,
    native: NativeCheckpoint,
    choices: OpenChoices,
    codec: WireCodec<unknown>,
  ) {
    this.directory = directory;
    this.#native = native;
    this.#choices = choices;
    this.#codec = codec;
  }

  static async open<T>(dir: string, options: unknown): Promise<CheckpointCore<T>> {
    const directory = checkPath('dir', dir);
    const choices = checkOpenOptions(options);
    const native = await operate<NativeCheckpoint>((operation) =>
      runtime().openCheckpoint(operation, directory, choices.mode, choices.readOnly),
    );
    try {
      const recorded = native.codec();
      if (recorded !== undefined) {
        const mismatch = codecMismatch(choices, recorded, directory);
        if (mismatch !== undefined) throw mismatch;
      }
      const name = choices.codec?.name ?? recorded?.name ?? defaultCodec;
      const codec = resolveCodec(choices.codec, name, 'checkpoint');
      return new CheckpointCore<T>(directory, native, choices, codec);
    } catch (error) {
      await operate<void>((operation) => native.close(operation));
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.#closed === undefined) return;
    throw new TidemarkError('ERR_TIDEMARK_CLOSED', 'the checkpoint is closed: open it again', {
      path: this.directory,
    });
  }

  /**
   * @param publishAfter The generation is written at once, and gets its name only after this; when
   * it rejects, so does the save.
   * @param unsynced It is left to the system to write; what a power cut leaves may be no generation.
   */
  async save(
    value: T | AsyncIterable<Uint8Array>,
    { coveredSeq, journal, onProgress }: SaveChoices,
    publishAfter?: Promise<unknown>,
    unsynced = false,
  ): Promise<{ generation: number }> {
    this.#checkOpen();
    if (this.#choices.readOnly) {
      throw new TidemarkError(
        'ERR_TIDEMARK_READ_ONLY',
        'the checkpoint was opened with readOnly: open it without to save',
        { path: this.directory, outcome: 'not-written' },
      );
    }
    // Its rejection is met when it is awaited, which may be later.
    publishAfter?.catch(() => {});
    const begun = performance.now();
    const codecVersion = this.#choices.codec?.version ?? builtInCodecVersion;
    const saving: NativeCheckpointSaving = {
      coveredSeq,
      journalId: journal?.id ?? '',
      epoch: journal?.epoch ?? '',
      valueVersion: this.#choices.version,
      codecName: this.#codec.name,
      codecVersion,
      keep: this.#choices.keep,
      unsynced,
    };
    const encoded = isStream(value) ? value : this.#encode(value);
    const ticket = this.#native.ticket();
    const saved = await this.#track(
      isStream(encoded)
        ? saveStream(this.#native, encoded, { ticket, saving, onProgress, publishAfter })
        : this.#saveBytes(encoded, ticket, saving, publishAfter),
    );
    const { generation, overtaken } = saved;
    if (!isStream(encoded)) onProgress?.({ bytes: encoded.length });
    if (!overtaken) {
      const durationMs = performance.now() - begun;
      publishCheckpoint({ directory: this.directory, generation, coveredSeq, durationMs });
    }
    return { generation };
  }

  /** Bytes that no later encoding overwrites, and no caller changes. */
  #encode(value: T): Buffer {
    const { schema } = this.#choices;
    try {
      refusePromise(value);
      const stored = schema === undefined ? value : validate(schema as never, value);
      const { bytes, start, end } = this.#codec.encode(stored);
      const copy = Buffer.allocUnsafeSlow(end - start);
      copy.set(bytes.subarray(start, end));
      return copy;
    } catch (cause) {
      throw encodeError(cause);
    }
  }

  async #saveBytes(
    bytes: Buffer,
    ticket: number,
    saving: NativeCheckpointSaving,
    publishAfter: Promise<unknown> | undefined,
  ): Promise<NativeSaved> {
    if (publishAfter !== undefined) await publishAfter;
    return operate<NativeSaved>((operation) => this.#native.save(operation, ticket, bytes, saving));
  }

  async #track<R>(work: Promise<R>): Promise<R> {
    this.#saves.add(work);
    try {
      return await work;
    } finally {
      this.#saves.delete(work);
    }
  }

  #newest(): Promise<NativeCheckpointReader | undefined> {
    this.#checkOpen();
    return operate((operation) => this.#native.readNewest(operation));
  }

  async load(): Promise<LoadedCheckpoint<T> | undefined> {
    const reader = await this.#newest();
    return reader && loadValue<T>(this.#choices, reader);
  }

  async loadStream(): Promise<StreamedCheckpoint | undefined> {
    const reader = await this.#newest();
    return reader && { stream: chunksOf(reader), ...factsOf(reader.facts()) };
  }

  list(): Promise<NativeCheckpointListing> {
    this.#checkOpen();
    return operate((operation) => this.#native.list(operation));
  }

  /** The generations that are there, the newest first. */
  async #listed(): Promise<number[]> {
    return Array.from((await this.list()).generations).reverse();
  }

  /** A reader of one generation, whose file is the caller's to release. */
  read(generation: number): Promise<NativeCheckpointReader> {
    this.#checkOpen();
    return operate((operation) => this.#native.readGeneration(operation, generation));
  }

  fileOf(generation: number): string {
    const digits = generation.toString(16).padStart(16, '0');
    return join(this.directory, `checkpoint-${digits}.tide`);
  }

  async loadLenient(): Promise<LenientCheckpoint<T> | undefined> {
    for (let look = 1; ; look++) {
      try {
        return await this.#loadNewestValid();
      } catch (error) {
        if (!isAbsent(error) || look === mostLooks) throw error;
      }
    }
  }

  async #loadNewestValid(): Promise<LenientCheckpoint<T> | undefined> {
    const { generations: there, known } = await this.list();
    const generations = Array.from(there).reverse();
    if (known > (generations[0] ?? 0)) generations.unshift(known); // it is missing
    if (generations.length === 0) return undefined;
    const rejected: RejectedCheckpoint[] = [];
    let newest: unknown;
    for (const generation of generations) {
      try {
        const loaded = await loadValue<T>(this.#choices, await this.read(generation));
        return { ...loaded, rejected };
      } catch (error) {
        if (!isDamage(error)) throw error;
        newest ??= error;
        rejected.push({ generation, file: this.fileOf(generation), reason: error.message });
      }
    }
    throw allDamaged(this.directory, rejected, newest);
  }

  generations(): Promise<CheckpointGeneration[]> {
    return this.#look(async (reader) => reader.release());
  }

  /** The same, with every byte read and verified. */
  verified(): Promise<CheckpointGeneration[]> {
    return this.#look(readThrough);
  }

  async #look(
    read: (reader: NativeCheckpointReader) => Promise<void>,
  ): Promise<CheckpointGeneration[]> {
    const found: CheckpointGeneration[] = [];
    for (const generation of await this.#listed()) {
      const file = this.fileOf(generation);
      try {
        const reader = await this.read(generation);
        const header = headerOf(reader.facts());
        await read(reader);
        found.push({ generation, file, header });
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error;
        if (isAbsent(error)) continue; // removed meanwhile, because there is a newer one
        found.push({ generation, file, problem: error });
      }
    }
    return found;
  }

  /** Saves a generation again, with all that it says, as the newest. Damage of it is an error. */
  async restore(generation: number): Promise<{ generation: number }> {
    const reader = await this.read(generation);
    const { coveredSeq, journalId, epoch, valueVersion, codecName, codecVersion } = reader.facts();
    const { keep } = this.#choices;
    const saving = { coveredSeq, journalId, epoch, valueVersion, codecName, codecVersion, keep };
    const ticket = this.#native.ticket();
    const saved = await this.#track(saveStream(this.#native, chunksOf(reader), { ticket, saving }));
    return { generation: saved.generation };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#saves);
    await operate<void>((operation) => this.#native.close(operation));
  }
}
