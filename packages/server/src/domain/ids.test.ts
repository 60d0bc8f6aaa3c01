import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ID_PREFIXES, idFromUuid, parseId, uuidOf } from './ids.ts';

describe('ids', () => {
  it('show a UUID and give it back, whatever its bits', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.constantFrom(...ID_PREFIXES), (uuid, prefix) => {
        const id = idFromUuid(prefix, uuid);

        expect(parseId(prefix, id)).toBe(id);
        expect(uuidOf(id)).toBe(uuid);
      }),
    );
  });

  it('sort as their UUIDs do', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (a, b) => {
        expect(idFromUuid('vm', a) < idFromUuid('vm', b)).toBe(a < b);
      }),
    );
  });

  it('are as the TypeID specification shows them', () => {
    expect(idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('vm_01h455vb4pex5vsknk084sn02q');
    expect(idFromUuid('vm', '00000000-0000-0000-0000-000000000000')).toBe('vm_00000000000000000000000000');
    expect(idFromUuid('vm', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('vm_7zzzzzzzzzzzzzzzzzzzzzzzzz');
  });

  it.each([
    'vm_',
    'vm_01h455vb4pex5vsknk084sn02',
    'vm_01h455vb4pex5vsknk084sn02qq',
    'vm_81h455vb4pex5vsknk084sn02q',
    'vm_01H455VB4PEX5VSKNK084SN02Q',
    'vm_01h455vb4pex5vsknk084sn02i',
    'op_01h455vb4pex5vsknk084sn02q',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    '../../etc/passwd',
  ])('refuse %s', (text) => {
    expect(parseId('vm', text)).toBeNull();
  });

  it('refuse what is no UUID', () => {
    expect(() => idFromUuid('vm', 'not-a-uuid')).toThrow(RangeError);
  });
});
