#!/usr/bin/env node
// The node-gyp of `scripts/binary.mjs --again`: prebuildify asks it to "rebuild", and it does all of
// that but the cleaning, so that make compiles only what the objects that are there are older than,
// or what was compiled by another command.
import { spawnSync } from 'node:child_process';
import { tool } from './tools.mjs';

const [command, ...options] = process.argv.slice(2);
if (command !== 'rebuild') throw new Error(`asked for ${command}: only "rebuild" is known`);
const [node, ...nodeGyp] = tool('node-gyp', 'node-gyp/bin/node-gyp.js');
const { status } = spawnSync(node, [...nodeGyp, 'configure', 'build', ...options], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
