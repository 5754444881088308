// The generations of a state's checkpoint: its bodies as bytes, and what their headers say.

import { Checkpoint, coreOf } from '../checkpoint/checkpoint';
import type { CheckpointCore } from '../checkpoint/core';
import type { CheckpointJournal, RejectedCheckpoint } from '../checkpoint/options';

/** The newest generation that is not damaged. */
export interface FoundGeneration {
  readonly body: Buffer;
  readonly generation: number;
  readonly coveredSeq: number;
  readonly journal: CheckpointJournal | undefined;
  /** The program's own version of the value. */
  readonly version: number;
  /** Newer ones that are damaged. */
  readonly rejected: readonly RejectedCheckpoint[];
}

/** What is saved beside a body. */
export interface SavedFacts {
  readonly coveredSeq: number;
  readonly journal: CheckpointJournal;
}

export interface GenerationOptions {
  keep: number;
  version: number;
  mode?: number | undefined;
  readOnly?: boolean;
}

export class Generations {
  readonly #checkpoint: Checkpoint<Buffer>;
  readonly #core: CheckpointCore<Buffer>;
  readonly #version: number;
  readonly #older: { version: number | undefined };

  private constructor(
    checkpoint: Checkpoint<Buffer>,
    version: number,
    older: { version: number | undefined },
  ) {
    this.#checkpoint = checkpoint;
    this.#core = coreOf(checkpoint);
    this.#version = version;
    this.#older = older;
  }

  static async open(
    directory: string,
    { keep, version, mode, readOnly = false }: GenerationOptions,
  ): Promise<Generations> {
    const older: { version: number | undefined } = { version: undefined };
    const checkpoint = await Checkpoint.open<Buffer>(directory, {
      codec: 'binary',
      keep,
      version,
      readOnly,
      ...(mode !== undefined && { mode }),
      // The body is migrated where it is decoded.
      migrate: (body, found) => {
        older.version = found;
        return body as Buffer;
      },
    });
    return new Generations(checkpoint, version, older);
  }

  /** @throws `ERR_TIDEMARK_CORRUPT` when all are damaged, `_VERSION` */
  async newest(): Promise<FoundGeneration | undefined> {
    this.#older.version = undefined;
    const found = await this.#checkpoint.loadLenient();
    if (found === undefined) return undefined;
    const { value: body, generation, coveredSeq, journal, rejected } = found;
    const version = this.#older.version ?? this.#version;
    return { body, generation, coveredSeq, journal, version, rejected };
  }

  /**
   * @param publishAfter It is written at once, and becomes the newest only after this.
   * @param unsynced A power cut may damage it, and take those that it replaced.
   */
  async save(
    parts: AsyncIterable<Uint8Array>,
    { coveredSeq, journal }: SavedFacts,
    publishAfter: Promise<unknown>,
    unsynced: boolean,
  ): Promise<number> {
    const choices = { coveredSeq, journal, onProgress: undefined };
    const { generation } = await this.#core.save(parts, choices, publishAfter, unsynced);
    return generation;
  }

  /** Of each generation that is there: what it covers; undefined where its header is damaged. */
  async covered(): Promise<{ generation: number; coveredSeq: number | undefined }[]> {
    const generations = await this.#checkpoint.generations();
    return generations.map(({ generation, header }) => ({
      generation,
      coveredSeq: header?.coveredSeq,
    }));
  }

  close(): Promise<void> {
    return this.#checkpoint.close();
  }
}
