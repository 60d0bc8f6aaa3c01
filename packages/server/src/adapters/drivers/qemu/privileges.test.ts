import { expect, test } from 'vitest';
import { identityOf } from '../../shared/vm-identity.ts';
import { dropPrivileges } from './privileges.ts';

const WHOLE_MAP = '         0          0 4294967295\n';
const CONTAINER_MAP = '         0     100000      65536\n';

test('a VMM of root gets a uid of its own, always the same, that nobody else has', () => {
  const self = { uid: 0, uidMap: WHOLE_MAP };

  const identity = identityOf('vm_one', [], self);

  expect(identity).toEqual(identityOf('vm_one', [], self));
  expect(identity?.uid).not.toBe(identityOf('vm_two', [], self)?.uid);
  expect(identity?.uid).toBeGreaterThanOrEqual(1_879_048_192);
  expect(identity?.uid).toBeLessThanOrEqual(2_147_352_575);
});

test('in a container with few uids it takes one that is left there', () => {
  const identity = identityOf('vm_one', [], { uid: 0, uidMap: CONTAINER_MAP });

  expect(identity?.uid).toBeGreaterThanOrEqual(60_578);
  expect(identity?.uid).toBeLessThanOrEqual(61_183);
});

test('where no uid can be had, or we are not root, it runs as we do', () => {
  expect(identityOf('vm_one', [], { uid: 0, uidMap: '0 1000 1\n' })).toBeNull();
  expect(identityOf('vm_one', [], { uid: 1000, uidMap: WHOLE_MAP })).toBeNull();
});

test('the command gives up all rights before it becomes the VMM', () => {
  const identity = { uid: 7, gid: 8, groups: [] };

  expect(dropPrivileges(identity, ['qemu', '-x'], { diesWithUs: false })).toEqual([
    'setpriv',
    '--reuid=7',
    '--regid=8',
    '--clear-groups',
    '--no-new-privs',
    '--',
    'qemu',
    '-x',
  ]);
  expect(dropPrivileges({ ...identity, groups: [104] }, ['qemu'], { diesWithUs: true })).toEqual([
    'setpriv',
    '--reuid=7',
    '--regid=8',
    '--groups=104',
    '--no-new-privs',
    '--pdeathsig=KILL',
    '--',
    'qemu',
  ]);
  expect(dropPrivileges(null, ['qemu'], { diesWithUs: false })).toEqual(['setpriv', '--no-new-privs', '--', 'qemu']);
});
