// Validation by a Standard Schema (https://standardschema.dev), which zod, valibot, arktype and
// others implement. Only the part of the interface that is used is described here.

import { checkFunction, typeError } from '../arguments';
import { type SchemaIssue, TidemarkError } from '../errors';

/** A schema after the Standard Schema specification, version 1. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What `validate` gives: the value, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export function checkSchema(value: unknown): StandardSchemaV1<unknown> | undefined {
  if (value === undefined) return undefined;
  const schema = value as StandardSchemaV1<unknown> | null;
  // Some libraries' schemas are functions with the property.
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) {
    throw typeError('schema', 'a Standard Schema', value);
  }
  const standard: unknown = schema['~standard'];
  if (typeof standard !== 'object' || standard === null) {
    throw typeError('schema', 'a Standard Schema (an object with "~standard")', value);
  }
  checkFunction("schema['~standard'].validate", schema['~standard'].validate);
  return schema;
}

function issueOf(issue: StandardIssue): SchemaIssue {
  const path = issue.path?.map((part) => (typeof part === 'object' ? part.key : part));
  return path === undefined ? { message: issue.message } : { message: issue.message, path };
}

function schemaError(message: string, details: { issues?: SchemaIssue[]; cause?: unknown } = {}) {
  return new TidemarkError('ERR_TIDEMARK_SCHEMA', message, { ...details, outcome: 'not-written' });
}

function malformed(cause?: unknown): TidemarkError {
  return schemaError(
    'the schema gave neither a value nor a list of issues: it is no Standard Schema of version 1',
    { cause },
  );
}

/** The value to store: a schema may transform. Throws `ERR_TIDEMARK_SCHEMA`. */
export function validate<T>(schema: StandardSchemaV1<T>, value: T): T {
  let result: StandardResult<T> | Promise<StandardResult<T>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (cause) {
    throw schemaError('the schema threw instead of validating', { cause });
  }
  if (typeof result !== 'object' || result === null) throw malformed();
  if (typeof (result as PromiseLike<unknown>).then === 'function') {
    // Its rejection is nobody's but ours.
    (result as Promise<unknown>).then(undefined, () => {});
    throw schemaError(
      'the schema validates asynchronously, but a value is validated before the call returns: ' +
        'use a schema without asynchronous checks',
    );
  }
  const settled = result as StandardResult<T>;
  if (settled.issues === undefined) {
    if (!('value' in settled)) throw malformed();
    return settled.value;
  }
  let issues: SchemaIssue[];
  try {
    issues = Array.from(settled.issues, issueOf);
  } catch (cause) {
    throw malformed(cause);
  }
  const [first] = issues;
  const where = first?.path === undefined ? '' : ` at ${first.path.map(String).join('.')}`;
  throw schemaError(
    `the value does not fit the schema${where}: ${first?.message ?? 'no reason given'}`,
    { issues },
  );
}
