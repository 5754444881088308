// The storms of threads in small: whatever happens at the same time, and however threads and processes
// end, nothing crashes and nothing acknowledged is lost.
import { plain } from './forms.mjs';
import { machine, pinned } from './runtimes.mjs';
import { describeStorms } from './short';
import { ofTheRuntime } from './storms/list.mjs';

const title = 'the addon as it is published';

describeStorms(title, plain, machine, 0.5);
for (const runtime of pinned) describeStorms(title, plain, runtime, 0.1, ofTheRuntime);
