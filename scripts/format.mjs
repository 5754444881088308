// `npm run format`: biome for TypeScript, JavaScript and JSON, clang-format for C++.
import { nativeFiles, run, tool } from './tools.mjs';

run(...tool('biome', '@biomejs/biome/bin/biome'), 'check', '--write', '.');
run('clang-format', '-i', ...nativeFiles());
