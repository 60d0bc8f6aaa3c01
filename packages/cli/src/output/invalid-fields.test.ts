import { describe, expect, it } from 'vitest';
import { formatInvalidFields } from './invalid-fields.ts';

describe('a field that is wrong', () => {
  it.each([
    [
      { field: 'memory_mib', message: 'must be >= 128', allowed: { minimum: 128, maximum: 1_048_576 } },
      '--memory must be 128 to 1048576 MiB.',
    ],
    [{ field: 'limit', message: 'must be >= 1', allowed: { minimum: 1 } }, '--limit must be at least 1.'],
    [{ field: 'timeout_ms', message: 'must be <= 5', allowed: { maximum: 5 } }, '--timeout must be at most 5 ms.'],
    [
      { field: 'type[0]', message: 'must be one of the allowed words', allowed: ['vm.created', 'vm.deleted'] },
      '--type must be one of these: vm.created, vm.deleted.',
    ],
    [
      { field: 'ref', message: 'is not well-formed (Id or name of a VM)', allowed: { pattern: '^x$' } },
      'The name must be 1 to 63 lower-case letters, digits and hyphens, or the id of a VM (vm_…).',
    ],
    [{ field: 'labels.a b', message: 'is not a valid name' }, '--label.a b is not a valid name.'],
    [{ field: '', message: 'must be an object' }, 'The request must be an object.'],
  ])('%j is told with what is allowed', (error, sentence) => {
    expect(formatInvalidFields([error])).toBe(sentence);
  });

  it('is told with the others', () => {
    const errors = ['a', 'b'].map((field) => ({ field, message: 'is not known' }));
    expect(formatInvalidFields(errors)).toBe('a is not known; b is not known.');
  });
});
