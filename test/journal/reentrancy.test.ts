// User code runs while a value is encoded and validated. Whatever it does, staged records stay whole.
import { describe, expect, it } from 'vitest';
import { openJournal, rejection, temporaryDirectory, valuesOf } from '../support/journals';

describe('code that runs while a value is encoded', () => {
  it('that appends to a journal is refused, and the records around it are whole', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const other = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append({ padding: 'x'.repeat(100) });
    const seen: unknown[] = [];
    const value = {
      before: 'b'.repeat(50),
      get inner() {
        const attempts = [journal, other].map((target) => rejection(target.append('nested')));
        seen.push(...attempts);
        expect(() => journal.write('nested')).toThrow(/while a value is being encoded/);
        expect(() => journal.appendSync('nested')).toThrow(/while a value is being encoded/);
        seen.push(rejection(journal.appendBatch(['nested'])));
        return 'i'.repeat(50);
      },
      after: 'a'.repeat(50),
    };
    const second = journal.append(value);
    await Promise.all([first, second]);
    for (const error of await Promise.all(seen)) {
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    }
    expect(await valuesOf(journal.read())).toEqual([
      { padding: 'x'.repeat(100) },
      { before: 'b'.repeat(50), inner: 'i'.repeat(50), after: 'a'.repeat(50) },
    ]);
    expect(other.lastSeq).toBe(0);
  });

  it('that throws leaves nothing behind', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append('first');
    const thrown = new Error('thrown by a getter');
    const throwing = {
      long: 'l'.repeat(10_000),
      get inner() {
        throw thrown;
      },
    };
    const error = await rejection(journal.append(throwing));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    expect(error.cause).toBe(thrown);
    const batch = rejection(journal.appendBatch(['a', throwing]));
    expect(await journal.append('second')).toBe(2);
    expect(await batch).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
    await first;
    expect(await valuesOf(journal.read())).toEqual(['first', 'second']);
  });

  it('that closes the journal makes the append fail with CLOSED', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append('first');
    let closing: Promise<void> | undefined;
    const value = {
      toJSON() {
        closing = journal.close();
        return 'second';
      },
    };
    class Closing {
      toJSON = value.toJSON;
    }
    expect(await rejection(journal.append(new Closing()))).toMatchObject({
      code: 'ERR_TIDEMARK_CLOSED',
    });
    await closing;
    expect(await first).toBe(1);
  });

  it('proxies, circular values and detached or shared memory do no harm', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const binary = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(await rejection(journal.append(circular))).toMatchObject({
      code: 'ERR_TIDEMARK_ENCODE',
    });
    expect(await journal.append(new Proxy({ a: 1 }, {}))).toBe(1);
    expect(await rejection(binary.append(new Proxy(Buffer.from('x'), {})))).toBeInstanceOf(
      TypeError,
    );

    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(await rejection(binary.append(detached))).toBeInstanceOf(TypeError);
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(5);
    expect(await binary.append(shared)).toBe(1);
    expect(await valuesOf(binary.read())).toEqual([Buffer.from([5, 5, 5, 5])]);
    expect(await valuesOf(journal.read())).toEqual([{ a: 1 }]);
  });

  it('an array that changes while its batch is encoded gives the values as they were read', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const values: unknown[] = [
      {
        toJSON: undefined,
        get a() {
          values.push('too late');
          return 1;
        },
      },
      'second',
    ];
    expect(await journal.appendBatch(values)).toEqual({ firstSeq: 1, lastSeq: 2 });
  });
});
