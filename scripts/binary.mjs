// `npm run binary`: this platform's prebuilt binary, stripped and tagged with its C library, into
// prebuilds/<platform>-<arch>. prebuildify empties the build directory that it works in, so it works
// on a copy below build/ and leaves the caches of the other builds alone.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { headersDirectory, root, run, tool } from './tools.mjs';

const stage = join(root, 'build', 'binary');
rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of ['binding.gyp', 'package.json', 'native', 'scripts']) {
  cpSync(join(root, name), join(stage, name), { recursive: true });
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
);
