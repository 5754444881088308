// `npm run binary`: this platform's prebuilt binary, stripped and tagged with its C library, into
// prebuilds/<platform>-<arch>. prebuildify empties the build directory that it works in, so it works
// on a copy below build/ and leaves the caches of the other builds alone.
//   --again   begins with the objects of `npm run build`, and compiles what they are older than: the
//             tests do, which have compiled the same for the same purpose minutes ago
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { headersDirectory, root, run, tool } from './tools.mjs';

const { values: options } = parseArgs({ options: { again: { type: 'boolean', default: false } } });

const stage = join(root, 'build', 'binary');
rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of ['binding.gyp', 'package.json', 'native', 'scripts']) {
  cpSync(join(root, name), join(stage, name), { recursive: true, preserveTimestamps: true });
}
// MSBuild keeps no objects there that could be used in another directory.
const again = options.again && process.platform !== 'win32';
if (again) {
  const objects = join('build', 'Release');
  // The names of what was compiled and how are relative: make judges them here as it does there.
  cpSync(join(root, objects), join(stage, objects), { recursive: true, preserveTimestamps: true });
}

const nodedir = headersDirectory();
if (nodedir) process.env.npm_config_nodedir = nodedir;
// Left alone, the node-gyp that prebuildify starts compiles one file at a time.
process.env.JOBS ??= 'max';
rmSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`), {
  recursive: true,
  force: true,
});
run(
  ...tool('prebuildify', 'prebuildify/bin.js'),
  `--cwd=${stage}`,
  `--out=${root}`,
  '--name=tidemark',
  '--napi',
  '--strip',
  '--tag-libc',
  ...(again ? [`--node-gyp=${join(root, 'scripts', 'node-gyp-again.mjs')}`] : []),
);
