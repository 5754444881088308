// Every program of examples/, run as its user would.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { afterEach, describe, expect, it } from 'vitest';
import { lines, Running, root, temporaryDirectory } from '../cli/run';

const example = (name: string, ...args: string[]): Running =>
  new Running(process.execPath, [join(root, 'examples', name), ...args]);

describe('resumable-crawler', () => {
  /** Page n links to 2n and 2n+1, up to `pages`; counts how often each was fetched. */
  async function site(
    pages: number,
    failing = '',
  ): Promise<{ url: string; fetched: Map<string, number> }> {
    const fetched = new Map<string, number>();
    const server = createServer((request, response) => {
      const path = request.url ?? '/';
      fetched.set(path, (fetched.get(path) ?? 0) + 1);
      if (path === failing) return void response.destroy();
      const page = Number(path.slice(1));
      const links = [2 * page, 2 * page + 1].filter((next) => next <= pages);
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        `${links.map((next) => `<a href="/${next}#top">${next}</a>`).join(' ')} <a href="https://example.org/">away</a>`,
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    closers.push(() => server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/1`, fetched };
  }
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  it('goes on where it was killed, and fetches no page twice that was done', async () => {
    const pages = 60;
    const { url, fetched } = await site(pages);
    const directory = join(temporaryDirectory(), 'scan');
    const killed = example('resumable-crawler.mjs', directory, url);
    await killed.until(({ stdout }) => lines(stdout).length >= 10);
    killed.child.kill('SIGKILL');
    const before = await killed.ended;
    const done = lines(before.stdout)
      .filter((line) => line.startsWith('200 http'))
      .map((line) => new URL(line.slice(4)).pathname);
    expect(done.length).toBeGreaterThanOrEqual(9);
    const timesBefore = new Map(fetched);

    const again = example('resumable-crawler.mjs', directory, url);
    const { code, stderr } = await again.ended;
    expect(code, stderr).toBe(0);
    expect(fetched.size).toBe(pages);
    for (const path of done) expect(fetched.get(path), path).toBe(timesBefore.get(path));

    const marked: string[] = [];
    const journal = await Journal.open<{ complete?: string }>(join(directory, 'journal'), {
      readOnly: true,
    });
    for await (const { value } of journal.read()) if (value.complete) marked.push(value.complete);
    await journal.close();
    expect(new Set(marked).size).toBe(pages);
    expect(marked).toHaveLength(pages);
  });

  it('tries a page again that failed, in the next run', async () => {
    const { url, fetched } = await site(7, '/2');
    const directory = join(temporaryDirectory(), 'scan');
    const first = await example('resumable-crawler.mjs', directory, url).ended;
    expect(first.stderr).toContain('4 pages are done, 1 failed'); // 1, 3, 6, 7 are reached
    expect(fetched.get('/2')).toBe(1);
    await example('resumable-crawler.mjs', directory, url).ended;
    expect(fetched.get('/2')).toBe(2);
    expect(fetched.get('/3')).toBe(1);
  });

  it('stops at the number of pages that was asked for', async () => {
    const { url, fetched } = await site(60);
    const run = example('resumable-crawler.mjs', join(temporaryDirectory(), 'j'), url, '7');
    expect((await run.ended).code).toBe(0);
    expect(fetched.size).toBe(7);
  });
});

describe('durable-queue', () => {
  it('works each job off once, in order, across runs', async () => {
    const directory = join(temporaryDirectory(), 'queue');
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await example('durable-queue.mjs', directory, ...args).ended;
      expect(code, stderr).toBe(0);
      return stdout;
    };
    expect(await run('push', 'one', 'two')).toBe('job 1 is queued\njob 2 is queued\n');
    expect(await run('list')).toBe('job 1 waits: one\njob 2 waits: two\n');
    expect(await run('work')).toBe('job 1: one\njob 2: two\n');
    expect(await run('work')).toBe('');
    expect(await run('push', 'three')).toBe('job 3 is queued\n');
    expect(await run('work')).toBe('job 3: three\n');
    expect(await run('list')).toBe('');
  });

  it('says how it is used', async () => {
    expect((await example('durable-queue.mjs').ended).code).toBe(64);
  });
});

describe('live-tail', () => {
  it('shows what another process appends, as it becomes durable', async () => {
    const directory = join(temporaryDirectory(), 'journal');
    const journal = await Journal.open(directory);
    await journal.append({ n: 1 });
    const tail = example('live-tail.mjs', directory, '1');
    await tail.until(({ stdout }) => stdout === '1\t{"n":1}\n');
    await journal.appendBatch([{ n: 2 }, { n: 3 }]);
    await tail.until(({ stdout }) => stdout.endsWith('3\t{"n":3}\n'));
    tail.child.kill('SIGINT');
    expect(await tail.ended).toMatchObject({
      code: 0,
      stdout: '1\t{"n":1}\n2\t{"n":2}\n3\t{"n":3}\n',
    });
    await journal.close();
  });
});

describe('wallet-ledger', () => {
  it('keeps balances, and lets none go below zero', async () => {
    const directory = join(temporaryDirectory(), 'ledger');
    const run = (...args: string[]) => example('wallet-ledger.mjs', directory, ...args).ended;
    expect(await run('deposit', 'ann', '50')).toMatchObject({ code: 0, stdout: 'ann: 50\n' });
    expect(await run('transfer', 'ann', 'bob', '20')).toMatchObject({ code: 0 });
    expect(await run('transfer', 'ann', 'bob', '31')).toMatchObject({
      code: 1,
      stderr: 'ann does not have 31\n',
    });
    expect(await run('balances')).toMatchObject({ code: 0, stdout: 'ann: 30\nbob: 20\n' });
    expect(await run('deposit', 'ann', '-1')).toMatchObject({ code: 64 });
  });
});

describe('progress-bar', () => {
  it('works on what is left, and shows how far it is', async () => {
    const directory = join(temporaryDirectory(), 'scan');
    const tree = temporaryDirectory();
    for (let n = 0; n < 20; n++) writeFileSync(join(tree, `${n}.txt`), `file ${n}`);
    const first = await example('progress-bar.mjs', directory, tree).ended;
    expect(first.code, first.stderr).toBe(0);
    expect(lines(first.stdout)).toHaveLength(20);
    expect(first.stderr).toContain('] 20 of 20, 0 s left');
    writeFileSync(join(tree, 'new.txt'), 'new');
    const second = await example('progress-bar.mjs', directory, tree).ended;
    expect(lines(second.stdout)).toHaveLength(1);
    expect(second.stderr).toContain('21 files, 0 could not be read');
  });
});

describe('million-keys', () => {
  it('keeps every key, saves while commits go on, and replays only what is behind', async () => {
    const directory = join(temporaryDirectory(), 'state');
    const run = () => example('million-keys.mjs', directory, '50000').ended;
    const first = await run();
    expect(first.code, first.stderr).toBe(0);
    const [, meanwhile] = /; (\d+) commits meanwhile/.exec(first.stdout) ?? [];
    const [, behind] =
      /^50000 keys, (\d+) events applied behind the checkpoint, the same value$/m.exec(
        first.stdout,
      ) ?? [];
    // Of the commits that went on, the first ones may be in the checkpoint.
    expect(Number(meanwhile)).toBeGreaterThan(0);
    expect(Number(behind)).toBeLessThanOrEqual(Number(meanwhile));
    const second = await run();
    expect(second.stdout).toContain(`50000 keys, ${behind} events applied\n`);
    expect(second.code, second.stderr).toBe(0);
  });

  it('says how it is used', async () => {
    expect((await example('million-keys.mjs', 'x', '0').ended).code).toBe(64);
  });
});
