// The same under AddressSanitizer, which names memory that is used after its end or beyond it.
import { asan } from './forms.mjs';
import { machine } from './runtimes.mjs';
import { describeStorms } from './short';
import { ofTheRuntime } from './storms/list.mjs';

describeStorms('the addon under AddressSanitizer', asan, machine, 0.1, ofTheRuntime);
