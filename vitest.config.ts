import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/rules/**/*.test.ts'],
          exclude: ['**/*.lab.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // The short forms of the proofs; they use every core, so nothing that waits for real time runs beside them.
        test: {
          name: 'safety',
          include: ['test/safety/**/*.test.ts'],
          exclude: ['**/*.lab.test.ts', '**/node_modules/**'],
          testTimeout: 600_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: [
            'test/e2e/**/*.test.ts',
            'src/**/*.lab.test.ts',
            'test/safety/**/*.lab.test.ts',
          ],
          globalSetup: ['test/lab/global-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // They wait for real time more than they compute.
          maxWorkers: 3,
          fileParallelism: true,
          // Real processes on two cores that others may use too: tried once more, and the result says so (retry x1).
          retry: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
