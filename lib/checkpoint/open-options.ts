// Checks the options of Checkpoint.open and Checkpoint.save.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOptions,
  typeError,
  valueError,
} from '../arguments';
import { type CodecChoice, checkCodec } from '../codec/resolve';
import { checkSchema, type StandardSchemaV1 } from '../codec/schema';
import { TidemarkError } from '../errors';
import type {
  CheckpointJournal,
  CheckpointOptions,
  CheckpointProgress,
  CheckpointSaveOptions,
} from './options';

const fileMode = 0o600;
const mostMode = 0o777;
const defaultKeep = 2;
const mostKeep = 1000;
const defaultVersion = 1;
const mostVersion = 0xffffffff;
const idDigits = 32;
const epochDigits = 16;

export interface OpenChoices {
  codec: CodecChoice | undefined;
  schema: StandardSchemaV1<unknown> | undefined;
  version: number;
  migrate: ((value: unknown, version: number) => unknown) | undefined;
  keep: number;
  mode: number;
  readOnly: boolean;
}

export function checkOpenOptions(options: unknown): OpenChoices {
  const given = checkOptions<CheckpointOptions<unknown>>('Checkpoint.open', options, [
    'codec',
    'schema',
    'version',
    'migrate',
    'keep',
    'mode',
    'readOnly',
  ]);
  const { version = defaultVersion, migrate, keep = defaultKeep, mode = fileMode } = given;
  const codec = checkCodec(given.codec);
  if (codec?.structures) {
    throw new TidemarkError(
      'ERR_TIDEMARK_CONFIG',
      'msgpack with structures needs a journal, which holds its dictionaries: ' +
        'leave structures out for a checkpoint',
    );
  }
  if (migrate !== undefined) checkFunction('migrate', migrate);
  return {
    codec,
    schema: checkSchema(given.schema),
    version: checkInteger('version', version, 0, mostVersion),
    migrate,
    keep: checkInteger('keep', keep, 1, mostKeep),
    mode: checkInteger('mode', mode, 0, mostMode),
    readOnly: given.readOnly === undefined ? false : checkBoolean('readOnly', given.readOnly),
  };
}

export interface SaveChoices {
  coveredSeq: number;
  journal: CheckpointJournal | undefined;
  onProgress: ((progress: CheckpointProgress) => void) | undefined;
}

function checkHexadecimal(name: string, value: unknown, digits: number): string {
  if (typeof value !== 'string') throw typeError(name, 'a string', value);
  if (value.length !== digits || !/^[0-9a-f]*$/.test(value)) {
    throw valueError(`"${name}" must be ${digits} hexadecimal digits`);
  }
  return value;
}

function checkJournal(value: unknown): CheckpointJournal | undefined {
  if (value === undefined) return undefined;
  const { id, epoch } = checkOptions<CheckpointJournal>('journal', value, ['id', 'epoch']);
  return {
    id: checkHexadecimal('journal.id', id, idDigits),
    epoch: checkHexadecimal('journal.epoch', epoch, epochDigits),
  };
}

export function checkSaveOptions(options: unknown): SaveChoices {
  const given = checkOptions<CheckpointSaveOptions>('Checkpoint.save', options, [
    'coveredSeq',
    'journal',
    'onProgress',
  ]);
  const { coveredSeq = 0, onProgress } = given;
  if (onProgress !== undefined) checkFunction('onProgress', onProgress);
  return {
    coveredSeq: checkInteger('coveredSeq', coveredSeq, 0),
    journal: checkJournal(given.journal),
    onProgress,
  };
}
