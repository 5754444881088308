// The builds with a sanitizer: native tests and addon in one directory, so that both have the same
// core. The addon is built on the headers of an npm package: no runtime has to be there.

import { join } from 'node:path';
import { cmakeBuild } from './runners.mjs';
import { root } from './tools.mjs';

const settings = (sanitizers) => ({
  CMAKE_CXX_COMPILER: 'clang++',
  TIDEMARK_SANITIZE: sanitizers,
  TIDEMARK_TESTS: 'ON',
  CMAKE_JS_INC: join(root, 'node_modules', 'node-api-headers', 'include'),
});

export const sanitizers = {
  asan: { build: 'native-asan', settings: settings('address,undefined') },
  tsan: {
    build: 'native-tsan',
    settings: settings('thread'),
    env: { TSAN_OPTIONS: 'halt_on_error=1' },
  },
};

/** Builds the addon with a sanitizer of `sanitizers`; its path. */
export async function buildSanitizedAddon({ build, settings }) {
  if (!(await cmakeBuild(build, settings, ['tidemark'])))
    throw new Error(`${build} does not build`);
  return join(root, 'build', build, 'tidemark.node');
}
