import { describe, expect, it } from 'vitest';
import { checkEnvironment, checkNoSecretIsHidden } from './environment.ts';

describe('the variables of a VM', () => {
  it('may have any value but a NUL', () => {
    expect(() => checkEnvironment({ _A1: '', B: 'ü=ö\n' })).not.toThrow();
  });

  it.each([
    ['environment.1A', { '1A': 'x' }],
    ['environment.A-B', { 'A-B': 'x' }],
    ['environment.A', { A: 'a\0b' }],
    ['environment', { A: 'a'.repeat(9_000), B: 'b'.repeat(9_000) }],
    ['environment', Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`A${i}`, '']))],
  ])('are refused by their name: %s', (field, environment) => {
    expect(() => checkEnvironment(environment)).toThrow(
      expect.objectContaining({ reason: 'vm.invalid_environment', details: { field } }),
    );
  });

  it('cannot have the name that a secret is given as', () => {
    const secrets = [
      { name: 'file-only', env: null },
      { name: 'deploy', env: 'TOKEN' },
    ];

    expect(() => checkNoSecretIsHidden({ OTHER: 'x' }, secrets)).not.toThrow();
    expect(() => checkNoSecretIsHidden({ TOKEN: 'x' }, secrets)).toThrow(
      expect.objectContaining({
        reason: 'vm.environment_conflict',
        details: { field: 'environment.TOKEN', secret: 'deploy' },
      }),
    );
  });
});
