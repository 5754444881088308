import { describe, expect, test } from 'vitest';
import { waitQuantile } from '../../bench/js/loop-delay.mjs';
import { measure } from '../../bench/js/measure.mjs';
import { countSyncs } from '../../bench/js/trace.mjs';

describe('what the benchmark measures', () => {
  test('every caller awaits its own append; the first fifth is not counted', async () => {
    const made: number[] = [];
    let inFlight = 0;
    let most = 0;
    const append = async (n: number) => {
      made.push(n);
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
    };
    const figures = await measure(append, { callers: 10, records: 1000, limitMs: 60_000 });
    expect(made.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    expect(most).toBe(10);
    expect(figures).toMatchObject({ appended: 1000, limited: false });
    // Between the 200th acknowledgement and the moment the last call was made.
    expect(figures.records).toBeGreaterThan(1000 - 200 - 2 * 10);
    expect(figures.records).toBeLessThanOrEqual(1000 - 200);
  });

  test('a batch is one call, and all its records count', async () => {
    const first: number[] = [];
    const append = async (n: number) => {
      first.push(n);
    };
    const figures = await measure(append, {
      callers: 1,
      perCall: 64,
      records: 640,
      limitMs: 60_000,
    });
    expect(first).toEqual([1, 65, 129, 193, 257, 321, 385, 449, 513, 577]);
    expect(figures.appended).toBe(640);
  });

  test('a system that is too slow is ended by the limit, and says so', async () => {
    const append = () => new Promise<void>((resolve) => setImmediate(resolve));
    const limits = { callers: 1, records: Number.MAX_SAFE_INTEGER, limitMs: 50 };
    const figures = await measure(append, limits);
    expect(figures.limited).toBe(true);
    expect(figures.records).toBeGreaterThan(0);
  });

  test('an event loop that does not turn has the longest delay, not none', () => {
    expect(waitQuantile([100], 0.99)).toBe(99);
    // One stop of 100 ms in 200 ms: every second moment lies in it.
    expect(waitQuantile([...Array(100).fill(1), 100], 0.99)).toBe(98);
    expect(waitQuantile(Array(100).fill(1), 0.5)).toBe(0.5);
  });
});

describe('the count of syncs', () => {
  const mark = (name: string) =>
    `7 openat(AT_FDCWD, "/d/tidemark-bench-${name}", O_RDONLY) = -1 ENOENT (No such file)`;

  test('counts what makes data durable between the marks', () => {
    const trace = [
      '7 openat(AT_FDCWD, "/d/a", O_RDWR|O_CREAT, 0600) = 20',
      '7 fdatasync(20)     = 0',
      mark('begin'),
      '7 fdatasync(20)     = 0',
      '8 fsync(20 <unfinished ...>',
      '7 pwrite64(20, ""..., 4096, 0) = 4096',
      '8 <... fsync resumed>) = 0',
      '7 msync(0x7f0000000000, 4096, MS_SYNC) = 0',
      '7 msync(0x7f0000000000, 4096, MS_ASYNC) = 0',
      '7 sync_file_range(20, 0, 4096, SYNC_FILE_RANGE_WRITE) = 0',
      '7 pwritev2(20, [{iov_base=""..., iov_len=1}], 1, 0, RWF_DSYNC) = 1',
      mark('end'),
      '7 fdatasync(20)     = 0',
    ].join('\n');
    expect(countSyncs(trace)).toEqual({
      fsync: 1,
      fdatasync: 1,
      sync_file_range: 1,
      msync: 1,
      durableWrites: 1,
    });
  });

  test('follows descriptors that were opened for durable writes', () => {
    const trace = [
      mark('begin'),
      '7 openat(AT_FDCWD, "/d/a", O_RDWR|O_DIRECT|O_DSYNC <unfinished ...>',
      '8 pwrite64(20, ""..., 1, 0) = 1',
      '7 <... openat resumed>) = 20',
      '8 pwrite64(20, ""..., 1, 0) = 1',
      '8 pwrite64(20, ""..., 1, 0) = -1 EIO (Input/output error)',
      '8 dup(20) = 21',
      '8 write(21, ""..., 1) = 1',
      '8 close(20) = 0',
      '8 pwrite64(20, ""..., 1, 0) = 1',
      '8 openat(AT_FDCWD, "/d/b", O_RDWR) = 21',
      '8 write(21, ""..., 1) = 1',
    ].join('\n');
    expect(countSyncs(trace).durableWrites).toBe(2);
  });

  test('counts writes that io_submit begins', () => {
    const begun = (opcode: string, fd: number) =>
      `{aio_data=0, aio_lio_opcode=${opcode}, aio_fildes=${fd}, aio_buf="{"..., aio_nbytes=4096}`;
    const trace = [
      mark('begin'),
      '7 openat(AT_FDCWD, "/d/a", O_RDWR|O_DIRECT|O_DSYNC) = 20',
      '7 openat(AT_FDCWD, "/d/b", O_RDWR|O_DIRECT) = 21',
      `7 io_submit(0x7f, 1, [${begun('IOCB_CMD_PWRITE', 20)}]) = 1`,
      `7 io_submit(0x7f, 1, [${begun('IOCB_CMD_PWRITE', 21)}]) = 1`,
      `7 io_submit(0x7f, 1, [${begun('IOCB_CMD_PREAD', 20)}]) = 1`,
      `7 io_submit(0x7f, 1, [${begun('IOCB_CMD_PWRITE', 20)}]) = -1 EAGAIN (Resource)`,
      `7 io_submit(0x7f, 2, [${begun('IOCB_CMD_PWRITE', 20)}, ${begun('IOCB_CMD_PWRITE', 20)}]) = 1`,
    ].join('\n');
    expect(countSyncs(trace).durableWrites).toBe(2);
  });
});
