// SIGINT and SIGTERM in the middle of commands that write.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Checkpoint } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lines, main, Running, root, start, temporaryDirectory, tidemark } from './run';

const lineOf = (n: number) =>
  `${JSON.stringify({
    target_id: `https://example.org/${String(n).padStart(90, '0')}`,
    status: 'completed',
    timestamp: 1_700_000_000,
    findings_count: 0,
  })}\n`;

describe.skipIf(process.platform === 'win32')('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends an import: what was read is committed', async (signal, exitCode) => {
    const directory = temporaryDirectory();
    const [scan, fifo] = [join(directory, 'scan'), join(directory, 'fifo')];
    execFileSync('mkfifo', [fifo]);
    const importing = start('import', scan, '--id', 's', '--journal', fifo, '--json');
    const writer = await open(fifo, 'w');
    try {
      // Fewer than are committed at once, and far more than a pipe holds: most of it was read when
      // all of it is written.
      const count = 4000;
      const text = Array.from({ length: count }, (_, n) => lineOf(n)).join('');
      await writer.writeFile(`${text}{"target_id":"cut`);
      importing.child.kill(signal);
      const { code, stdout } = await importing.ended;
      expect(code).toBe(exitCode);
      const [account] = JSON.parse(stdout) as { read: number; added: number }[];
      const pipeBytes = 64 * 1024;
      const least = count - Math.ceil((2 * pipeBytes) / lineOf(0).length);
      expect(account?.added).toBeGreaterThanOrEqual(least);
      const exported = await tidemark(['export', scan]);
      expect(lines(exported.stdout).length).toBe(account?.added);
    } finally {
      await writer.close();
    }
  });

  it('ends an import that waits for a pipe to which nobody writes', async () => {
    const directory = temporaryDirectory();
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const option of ['--journal', '--checkpoint']) {
      const scan = join(directory, option);
      const preload = join(directory, 'preload.cjs');
      // Tells when it waits.
      writeFileSync(
        preload,
        "process.on('newListener', (name) => { if (name === 'SIGTERM') " +
          "setImmediate(() => process.stderr.write('listens\\n')); });\n",
      );
      const importing = new Running(process.execPath, [
        '--require',
        preload,
        main,
        'import',
        scan,
        '--id',
        's',
        option,
        fifo,
      ]);
      onTestFinished(() => void importing.child.kill('SIGKILL'));
      await importing.until(({ stderr }) => stderr.includes('listens'));
      importing.child.kill('SIGTERM');
      expect((await importing.ended).code).toBe(143);
    }
  });

  it('lets a restore that saves come to its end', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'c');
    const checkpoint = await Checkpoint.open<string>(path);
    for (const value of ['one', 'two']) await checkpoint.save(value);
    await checkpoint.close();
    const preload = join(directory, 'preload.cjs');
    writeFileSync(
      preload,
      `const { CheckpointCore } = require(${JSON.stringify(join(root, 'dist', 'checkpoint', 'core.js'))});
const { once } = require('node:events');
const { restore } = CheckpointCore.prototype;
CheckpointCore.prototype.restore = async function (generation) {
  const handled = process.listenerCount('SIGTERM') > 0 && once(process, 'SIGTERM');
  process.kill(process.pid, 'SIGTERM');
  const alive = setInterval(() => {}, 1000); // listening for a signal keeps no process alive
  await handled;
  clearInterval(alive);
  return restore.call(this, generation);
};
`,
    );
    const args = ['--require', preload, main, 'checkpoint', 'restore', path, '--generation', '1'];
    const { code, stderr } = await new Running(process.execPath, args).ended;
    expect({ code, stderr }).toEqual({
      code: 143,
      stderr: expect.stringContaining('saved again as generation 3'),
    });
    const again = await Checkpoint.open<string>(path, { readOnly: true });
    expect(await again.load()).toMatchObject({ value: 'one', generation: 3 });
    await again.close();
  });
});
