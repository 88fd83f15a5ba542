import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { isRunOfHosts } from './test/lab/hosts/network-of-run.js';

/**
 * Tests on hosts with systemd and sshd, in a network that only `npm run test:hosts` makes: outside of it, the address of a
 * host would be somebody else's, so the project is not there at all.
 */
const hosts: TestProjectConfiguration = {
  test: {
    name: 'hosts',
    include: ['src/**/*.hosts.test.ts', 'test/**/*.hosts.test.ts'],
    globalSetup: ['test/lab/global-setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // One network, one lab at a time.
    fileParallelism: false,
    maxWorkers: 1,
    retry: 1,
    sequence: { groupOrder: 3 },
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/rules/**/*.test.ts'],
          exclude: ['**/*.lab.test.ts', '**/*.hosts.test.ts', '**/node_modules/**'],
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
          exclude: ['**/*.lab.test.ts', '**/*.hosts.test.ts', '**/node_modules/**'],
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
          exclude: ['**/*.hosts.test.ts', '**/node_modules/**'],
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
      ...(isRunOfHosts(process.env) ? [hosts] : []),
    ],
  },
});
