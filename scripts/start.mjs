// `npm start`: installs and builds what is missing, then runs the demonstration. Works in a fresh
// clone, in a pipe and with standard input closed. Further arguments go to `tidemark demo`.
// What the build says goes to standard error: standard output is the demonstration's.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildLib, buildNative } from './build.mjs';
import { install, root } from './tools.mjs';

install();
buildNative();
buildLib();

const main = join(root, 'dist', 'cli', 'main.js');
const child = spawn(process.execPath, [main, 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The terminal sends its signals to the child as well: the child decides how to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
  throw error;
});
child.on('exit', (code, signal) => {
  if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
  else process.exit(code ?? 1);
});
