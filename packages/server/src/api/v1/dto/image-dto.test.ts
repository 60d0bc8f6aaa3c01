import { expect, test } from 'vitest';
import type { ImageEntry } from '../../../engine/apis/image-api.ts';
import { toImageEntryDto } from './image-dto.ts';

const SHA256 = 'a'.repeat(64);
const ENTRY: ImageEntry = {
  ...{ name: 'web', isBuiltIn: false, labels: {}, isOriginTold: true, lastUsedAt: null, current: null, older: [] },
  stored: {
    ...{ name: 'web', owner: 'ann', template: null, createdAt: 0, updatedAt: 0 },
    definition: {
      ...{ kind: 'disk', description: 'Of a test', format: 'qcow2', isLocalAllowed: false },
      ...{ boot: 'firmware', firmware: 'bios', source: { location: 'https://a.example/b?token=c', sha256: SHA256 } },
    },
  },
};

test('an image says where it comes from only to who is told', () => {
  expect(toImageEntryDto(ENTRY)).toMatchObject({ owner: 'ann', disk: { url: 'https://a.example/b?token=c' } });
  const shown = toImageEntryDto({ ...ENTRY, isOriginTold: false });
  expect(shown).toMatchObject({ owner: 'ann', description: 'Of a test', disk: null, recipe: null });
  expect(JSON.stringify(shown)).not.toContain('token');
});
