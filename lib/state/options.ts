// The options of DurableState.open, and their checks.

import {
  checkFunction,
  checkInteger,
  checkOptions,
  checkSynchronous,
  checkText,
  checkWord,
  typeError,
  valueError,
} from '../arguments';
import type { RejectedCheckpoint } from '../checkpoint/options';
import type { Codec, StandardSchemaV1 } from '../codec/index';
import { checkSchema } from '../codec/schema';
import { Journal } from '../journal/journal';
import { checkDurability, type DurabilityChoice } from '../journal/open-options';
import type { Durability } from '../journal/options';
import type { RecoveryReport } from '../recovery/report';
import type { Apply } from './replica';
import { type ValueCodec, valueCodecOf } from './value-format';

/** When a state saves a checkpoint by itself. What is left out triggers none. */
export interface CheckpointTriggers {
  /** After so many events. */
  everyRecords?: number;
  /** After so many encoded bytes of events. */
  everyBytes?: number;
  /** So many milliseconds after an event that no checkpoint covers, 1 to 2,147,483,647. */
  everyMs?: number;
}

/** Options of `DurableState.open`. */
export interface DurableStateOptions<S, E> {
  /** The value before the first event. Called at open, and again for another copy. */
  initial: () => S;
  /**
   * What an event does. It may change the state in place, or return the new one. Synchronous, and a
   * function of its arguments alone: it is called again, with the same events, after a restart and in
   * every worker. When it throws the state is poisoned (`ERR_TIDEMARK_APPLY`); the event is durable.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: an apply that changes the state in place returns nothing
  apply: (state: S, event: E, seq: number) => S | void;
  /** Refuses an event by throwing, before it is appended. Sees the state of this moment. */
  check?: (state: S, event: E) => void;
  /** Default `{ everyRecords: 100_000, everyBytes: 64 MiB }`; `{}` saves on demand only. */
  checkpoint?: CheckpointTriggers;
  /** How many generations of the checkpoint stay, 1 to 1,000. Default 2. */
  keep?: number;
  /**
   * How events, and the value in checkpoints, become bytes. Default 'msgpack'; in checkpoints it keeps
   * a `Map` a `Map` wherever it stands. With `journal` it is for checkpoints only.
   */
  codec?: 'msgpack' | 'json' | 'binary' | Codec<S | E>;
  /** Validates every event, synchronously, before `check`; what it gives is stored. */
  schema?: StandardSchemaV1<E>;
  /** Of the program's own value, recorded with every checkpoint. Default 1. */
  version?: number;
  /** Makes a value of this version of one that was saved with a lower one. */
  migrateState?: (state: unknown, version: number) => S;
  /** Makes an event as `apply` wants it of what is in the journal. Called for every event. */
  migrateEvent?: (event: unknown, seq: number) => E;
  /** 'skip': an open steps over events for which `apply` throws, and lists them. Default 'throw'. */
  onApplyError?: 'throw' | 'skip';
  /**
   * An open journal to keep the events in, together with other states. It stays open when the state
   * closes. Default: one of the state's own, in its directory.
   */
  journal?: Journal<E>;
  /** Which of several states on one journal this is: 1 to 40 of A-Z a-z 0-9 _ -. Default 'state'. */
  name?: string;
  /** Of `commit` and `commitBatch`; see the journal's. Default 'commit', or that of `journal`. */
  durability?: Durability;
  /**
   * 'os': a checkpoint is left to the operating system to write. A power cut may damage it, so nothing
   * of the journal is released because of it, and an open that finds all generations damaged applies
   * the whole journal. Default 'commit': it is durable before anything is released.
   */
  checkpointDurability?: 'commit' | 'os';
  /** Mode of the files, not subject to the umask. Default 0o600. */
  mode?: number;
}

/** An event that an open stepped over. */
export interface SkippedEvent {
  readonly seq: number;
  /** What `apply` threw. */
  readonly error: unknown;
}

/** What the open of a state found and did: of the journal, and of the state itself. */
export interface StateRecoveryReport extends RecoveryReport {
  /** The generation that was used; undefined when there was none. */
  readonly checkpoint: { readonly generation: number; readonly coveredSeq: number } | undefined;
  /** Newer generations that are damaged, the newest first. */
  readonly rejected: readonly RejectedCheckpoint[];
  /** Events behind it that were applied. */
  readonly replayed: number;
  /** Events that were stepped over, with `onApplyError: 'skip'`. */
  readonly skippedEvents: readonly SkippedEvent[];
}

export interface StateChoices {
  initial: () => unknown;
  apply: Apply;
  check: ((state: unknown, event: unknown) => void) | undefined;
  triggers: Required<CheckpointTriggers>;
  keep: number;
  codecOption: DurableStateOptions<unknown, unknown>['codec'];
  codec: ValueCodec;
  schema: StandardSchemaV1<unknown> | undefined;
  version: number;
  migrateState: ((state: unknown, version: number) => unknown) | undefined;
  skipApplyErrors: boolean;
  journal: Journal<unknown> | undefined;
  name: string;
  durability: DurabilityChoice | undefined;
  durabilityOption: Durability | undefined;
  /** Checkpoints are left to the system to write. */
  unsynced: boolean;
  mode: number | undefined;
}

const defaultTriggers: CheckpointTriggers = { everyRecords: 100_000, everyBytes: 64 * 1024 * 1024 };
const defaultKeep = 2;
const mostKeep = 1000;
const mostVersion = 0xffffffff;
const mostMode = 0o777;
const mostTimerMs = 2 ** 31 - 1;
const nameMostBytes = 40;
const defaultName = 'state';
export const journalName = 'journal';

function checkTriggers(value: unknown): Required<CheckpointTriggers> {
  const given =
    value === undefined
      ? defaultTriggers
      : checkOptions<CheckpointTriggers>('checkpoint', value, [
          'everyRecords',
          'everyBytes',
          'everyMs',
        ]);
  const count = (name: keyof CheckpointTriggers, most?: number) => {
    const asked = given[name];
    if (asked === undefined) return Number.POSITIVE_INFINITY;
    return checkInteger(`checkpoint.${name}`, asked, 1, most);
  };
  return {
    everyRecords: count('everyRecords'),
    everyBytes: count('everyBytes'),
    everyMs: count('everyMs', mostTimerMs),
  };
}

/** It becomes part of the name of a directory and of a cursor. */
export function checkName(value: unknown): string {
  if (value === undefined) return defaultName;
  const name = checkText('name', value, nameMostBytes);
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name === journalName) {
    throw valueError(`"name" must be of A-Z a-z 0-9 _ -, and not '${journalName}'`);
  }
  return name;
}

const optionNames = [
  'initial',
  'apply',
  'check',
  'checkpoint',
  'keep',
  'codec',
  'schema',
  'version',
  'migrateState',
  'migrateEvent',
  'onApplyError',
  'journal',
  'name',
  'durability',
  'checkpointDurability',
  'mode',
] as const satisfies readonly (keyof DurableStateOptions<unknown, unknown>)[];

function optionalFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value !== undefined) checkFunction(name, value);
  return value;
}

export function checkStateOptions(options: unknown): StateChoices {
  const given = checkOptions<DurableStateOptions<unknown, unknown>>(
    'DurableState.open',
    options,
    optionNames,
  );
  const { initial, apply, migrateEvent, journal } = given;
  checkFunction('initial', initial);
  checkFunction('apply', apply);
  optionalFunction('migrateEvent', migrateEvent);
  if (journal !== undefined && !(journal instanceof Journal)) {
    throw typeError('journal', 'an open Journal', journal);
  }
  const plain = apply as Apply;
  return {
    initial: initial as () => unknown,
    apply:
      migrateEvent === undefined
        ? plain
        : (state, event, seq) =>
            plain(state, checkSynchronous('migrateEvent', migrateEvent(event, seq)), seq),
    check: optionalFunction('check', given.check),
    triggers: checkTriggers(given.checkpoint),
    keep: checkInteger('keep', given.keep ?? defaultKeep, 1, mostKeep),
    codecOption: given.codec,
    codec: valueCodecOf(given.codec),
    schema: checkSchema(given.schema),
    version: checkInteger('version', given.version ?? 1, 0, mostVersion),
    migrateState: optionalFunction('migrateState', given.migrateState),
    skipApplyErrors:
      given.onApplyError !== undefined &&
      checkWord('onApplyError', given.onApplyError, ['throw', 'skip']) === 'skip',
    journal,
    name: checkName(given.name),
    durability: given.durability === undefined ? undefined : checkDurability(given.durability),
    durabilityOption: given.durability,
    unsynced:
      given.checkpointDurability !== undefined &&
      checkWord('checkpointDurability', given.checkpointDurability, ['commit', 'os']) === 'os',
    mode: given.mode === undefined ? undefined : checkInteger('mode', given.mode, 0, mostMode),
  };
}
