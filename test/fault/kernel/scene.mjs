// Scenes: programs of scenes/ that need mounts. Each runs in a mount namespace of its own, takes its
// input as an argument, and answers with JSON.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { inNamespace } from './needs.mjs';

/** A scene that takes longer hangs. */
const MOST_MS = 240_000;

/** Plays scenes/<name>.mjs; resolves with its answer. */
export function play(name, input) {
  const script = join(import.meta.dirname, 'scenes', `${name}.mjs`);
  const [command, ...args] = [...inNamespace, process.execPath, script, JSON.stringify(input)];
  return new Promise((resolve, reject) => {
    // Its standard input ends with this process, and the scene with that.
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (chunk) => {
        said[stream] += chunk;
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(JSON.parse(said.stdout));
      else reject(new Error(`the scene ${name} ended with ${code ?? signal}\n${said.stderr}`));
    });
  });
}

/** In a scene: its input, and the answer that it gives. */
export async function scene(body) {
  process.stdin.on('end', () => process.exit(1)).resume();
  const answer = await body(JSON.parse(process.argv[2]));
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}
