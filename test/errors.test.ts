// The error class: what it carries and what it leaves out.
import { TidemarkError } from 'tidemark';
import { describe, expect, it } from 'vitest';

describe('TidemarkError', () => {
  it('carries its code, where it was met, and the cause', () => {
    const cause = new Error('EIO');
    const details = { path: '/j/1', segment: 3, offset: 4096, fromSeq: 7, toSeq: 9, cause };
    const error = new TidemarkError('ERR_TIDEMARK_CORRUPT', 'damaged', details);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT', message: 'damaged', ...details });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('TidemarkError: damaged');
  });

  it('has no property for what does not apply', () => {
    const details = { seq: 5, outcome: undefined };
    const error = new TidemarkError('ERR_TIDEMARK_IO', 'unreadable', details as { seq: number });
    expect(Object.keys(error).sort()).toEqual(['code', 'seq']);
    expect('cause' in error).toBe(false);
  });

  it('keeps zero, which is a place', () => {
    const error = new TidemarkError('ERR_TIDEMARK_CORRUPT', 'damaged', { segment: 0, offset: 0 });
    expect(error).toMatchObject({ segment: 0, offset: 0 });
  });
});
