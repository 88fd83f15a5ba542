// The programs as few files: every file that Node resolves costs a start about a millisecond, and a command line that
// answers in a tenth of a second is worth that. Lazy imports stay lazy (splitting); types and the client come from tsc.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main/quorate.ts', 'src/main/supervisor.ts'],
  outdir: 'dist/main',
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  // As ES modules where a package has them: what is not used of it stays out.
  mainFields: ['module', 'main'],
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
  // Packages that are not ES modules ask for Node's own with require.
  banner: {
    js: "import { createRequire as quorateRequire } from 'node:module'; const require = quorateRequire(import.meta.url);",
  },
});
