import { defineConfig } from 'vitest/config';

/** Tests with real VMs; everything else runs in the fast project. */
const VM_TESTS = ['{packages,guest}/**/*.vm.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,guest}/**/*.test.ts', 'test/repo/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...VM_TESTS],
          setupFiles: ['test/leaks.ts'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'vm',
          include: VM_TESTS,
          exclude: ['**/node_modules/**'],
          setupFiles: ['test/leaks.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
