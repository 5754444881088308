// The same under ThreadSanitizer, which names accesses of two threads that nothing orders.
import { tsan } from './forms.mjs';
import { bun, machine, pinned } from './runtimes.mjs';
import { describeStorms } from './short';
import { ofTheRuntime } from './storms/list.mjs';

const title = 'the addon under ThreadSanitizer';

describeStorms(title, tsan, machine, 0.1);
for (const runtime of pinned.filter(({ name }) => name === 'node-26'))
  describeStorms(title, tsan, runtime, 0.1, ['appends', 'exits']);
describeStorms(title, tsan, bun, 0.1, ['appends', ...ofTheRuntime]);
