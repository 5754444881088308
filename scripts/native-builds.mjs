// The builds that hold native tests and addon in one directory, so that both have the same core, which
// is compiled once: as it is shipped, and with a sanitizer. The addon of the latter is built on the
// headers of an npm package: no runtime has to be there.

import { join } from 'node:path';
import { cmakeBuild } from './runners.mjs';
import { root } from './tools.mjs';

/** What cmake-js configures by itself: its addon is built there, too. */
export const plain = {
  build: 'native',
  settings: {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_CXX_FLAGS: '-DBUILDING_NODE_EXTENSION',
    TIDEMARK_TESTS: 'ON',
  },
};

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

/** Builds targets of one of these; true when that worked. */
export const buildTargets = ({ build, settings }, targets) => cmakeBuild(build, settings, targets);

/** Builds the addon with a sanitizer of `sanitizers`; its path. */
export async function buildSanitizedAddon(sanitizer) {
  if (!(await buildTargets(sanitizer, ['tidemark'])))
    throw new Error(`${sanitizer.build} does not build`);
  return join(root, 'build', sanitizer.build, 'tidemark.node');
}
