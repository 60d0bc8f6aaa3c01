import { defineConfig, type TestUserConfig } from 'vitest/config';
import { createReporter } from './test/reporter.ts';

/** Tests with real VMs; everything else runs in the fast project. */
const VM_TESTS = ['{packages,guest,test}/**/*.vm.test.ts', 'test/e2e/**/*.test.ts'];

const shared: TestUserConfig = {
  // A process for each test file: what the file leaves open is then its own.
  pool: 'forks',
  isolate: true,
  retry: 0,
  setupFiles: ['test/leaks.ts'],
};

export default defineConfig({
  test: {
    reporters: [createReporter()],
    // Only where it is asked for: `node test/check.ts --coverage`.
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            '{packages,guest}/**/*.test.ts',
            'test/*.test.ts',
            'test/{repo,chaos,compat,vendors}/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', ...VM_TESTS],
          testTimeout: 30_000,
          hookTimeout: 90_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'vm',
          include: VM_TESTS,
          exclude: ['**/node_modules/**'],
          // Emulated guests are slow, and an image is built by whichever test needs it first.
          testTimeout: 180_000,
          hookTimeout: 600_000,
          // A guest keeps a core busy while it boots; more at once only make each other late.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
