#!/usr/bin/env node
// The command line: parses arguments, runs one command, ends with its exit code.

import { Command, CommanderError } from 'commander';
import { registerAppend } from './append';
import { registerBench } from './bench';
import { registerCat } from './cat';
import { registerCheckpoint } from './checkpoint';
import type { Register, Runner } from './command';
import { registerCursors } from './cursors';
import { registerDemo } from './demo';
import { registerDoctor } from './doctor';
import { describe, Exit, exitCodeOf } from './exit';
import { registerExport } from './export';
import { registerImport } from './import';
import { registerInspect } from './inspect';
import { type Io, note, Output } from './output';
import { registerSalvage } from './salvage';
import { registerScan } from './scan';
import { registerSnapshot } from './snapshot';
import { registerState } from './state';
import { registerTruncate } from './truncate';
import { registerVerify } from './verify';

const registers: readonly Register[] = [
  registerAppend,
  registerCat,
  registerVerify,
  registerInspect,
  registerSalvage,
  registerSnapshot,
  registerTruncate,
  registerCursors,
  registerCheckpoint,
  registerState,
  registerScan,
  registerImport,
  registerExport,
  registerDoctor,
  registerBench,
  registerDemo,
];

function makeProgram(run: Runner): Command {
  const { version } = require('../../package.json') as { version: string };
  const program = new Command('tidemark')
    .description('The durable log for Node.js, from the shell.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .configureOutput({
      outputError: (text, write) => write(`tidemark: ${text.replace(/^error: /, '')}`),
    });
  for (const register of registers) register(program, run);
  settle(program, version);
  return program;
}

/** What holds for all commands, and theirs. */
function settle(parent: Command, version: string, path: string = parent.name()): void {
  parent.showHelpAfterError(`"${path} --help" says what there is.`);
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent).version(version, '-V, --version', 'print the version');
    command.allowExcessArguments(false);
    settle(command, version, `${path} ${command.name()}`);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const io: Io = { out: new Output(process.stdout), err: process.stderr };
  // Nobody left to tell is no reason to stop working.
  process.stderr.on('error', () => {});
  let exitCode: number = Exit.ok;
  const program = makeProgram(async (action) => {
    exitCode = await action(io);
  });
  try {
    if (argv.length === 0) program.help({ error: true });
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what it is; help and the version are no mistakes.
      exitCode = error.exitCode === 0 ? Exit.ok : Exit.usage;
    } else {
      note(io, describe(error));
      exitCode = exitCodeOf(error);
    }
  }
  try {
    await io.out.flush();
  } catch (error) {
    note(io, describe(error));
    exitCode ||= exitCodeOf(error);
  }
  return exitCode;
}

// Not process.exitCode: an input that is still open would keep the process alive.
void main(process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
