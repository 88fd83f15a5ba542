import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { fakeCargo } from './scenarios/fake-cargo.js';
import { tempDir } from './scenarios/fakes.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..', '..');

/** Compiles the room as it is now, so that other processes can run it. */
function compileRoom(): string {
  const dir = tempDir();
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDir: join(root, 'src'),
        outDir: dir,
        declaration: false,
        noCheck: true,
      },
      include: [],
      files: [join(here, 'index.ts')],
    }),
  );
  execFileSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', dir],
    {
      stdio: 'inherit',
    },
  );
  writeFileSync(
    join(dir, 'resolve.mjs'),
    `import { createBinaries } from './services/binaries/index.js';
import { systemClock } from './base/index.js';
const binaries = createBinaries({ cacheDir: process.argv[2], sources: ['cache', 'crate'], env: process.env, clock: systemClock });
const found = await binaries.resolve('etcd', '3.6', new AbortController().signal);
console.log(JSON.stringify(found));
`,
  );
  return join(dir, 'resolve.mjs');
}

const output = (child: ReturnType<typeof spawn>) =>
  new Promise<unknown>((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`exit ${code}`)),
    );
  });

it('two processes that want the same version at once fetch it once', async () => {
  const script = compileRoom();
  const dir = tempDir();
  const cacheDir = join(dir, 'cache');
  const waitingRoom = join(dir, 'asked');
  mkdirSync(waitingRoom);
  // The fetch lasts until a second process has come as far as asking the registry (or for ten seconds, if none comes).
  const cargo = fakeCargo({
    version: '3.6.99',
    onAsk: `: > '${waitingRoom}/'$$`,
    beforeFetch: `i=0; while [ "$(ls '${waitingRoom}' | wc -l)" -lt 2 ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; sleep 0.3`,
  });
  const start = () =>
    spawn(process.execPath, [script, cacheDir], {
      env: cargo.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const answers = await Promise.all([output(start()), output(start())]);
  const binary = { version: '3.6.99', path: join(cacheDir, 'etcd', 'v3.6.99', 'etcd') };
  expect(answers).toMatchObject([
    { ok: true, value: binary },
    { ok: true, value: binary },
  ]);
  const calls = cargo.calls().map((call) => call.split(' ')[0]);
  expect(calls.filter((call) => call === 'generate-lockfile')).toHaveLength(2);
  expect(calls.filter((call) => call === 'fetch')).toHaveLength(1);
});
