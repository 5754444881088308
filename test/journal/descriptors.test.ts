import { readdirSync } from 'node:fs';
import { Journal } from 'tidemark';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/journals';

test('a closed read-only handle holds no descriptor, also while the object is kept', async () => {
  const directory = temporaryDirectory();
  const writer = await Journal.open(directory);
  await writer.append('one');
  const open = () => readdirSync('/proc/self/fd').length;
  const kept: Journal[] = [];
  const before = open();
  for (let i = 0; i < 50; i += 1) {
    const reader = await Journal.open(directory, { readOnly: true });
    await reader.get(1);
    await reader.close();
    kept.push(reader);
  }
  await expect.poll(open).toBeLessThan(before + 10);
  expect(kept).toHaveLength(50);
  await writer.close();
});
