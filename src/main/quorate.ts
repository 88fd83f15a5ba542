#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type CliIO, runCLI } from '../frontends/cli/index.js';
import { cliPorts } from './cli-ports.js';
import { thisMachine } from './machine.js';
import { closeShells } from './shells.js';

const io: CliIO = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTerminal: process.stdout.isTTY,
  errIsTerminal: process.stderr.isTTY,
  canAsk: process.stdin.isTTY && process.stderr.isTTY,
  columns: process.stdout.columns,
  env: process.env,
  ask: async (question, signal) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(question, { signal });
    } finally {
      terminal.close();
    }
  },
  onInterrupt: (handler) => {
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
    return () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    };
  },
};

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

// A reader that goes away (`quorate status | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// Progress that nobody reads any more must not cut off what it tells about.
process.stderr.on('error', () => undefined);

const exitCode = await runCLI(
  process.argv.slice(2),
  io,
  cliPorts(thisMachine(), version),
  // Nothing is left to wait for: what was begun is in the journal.
  { exitNow: (code) => process.exit(code) },
);
await closeShells();
process.exitCode = exitCode;
