import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findKvm, withKvmGroups } from './kvm-device.ts';

const SOME_GROUP = 4_711;
const isRoot = process.getuid?.() === 0;
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kvm-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A file with the rights of a device. */
function device(mode: number, gid: number | null = null): string {
  const path = join(directory, 'kvm');
  rmSync(path, { force: true });
  writeFileSync(path, '');
  if (gid !== null) chownSync(path, 0, gid);
  chmodSync(path, mode);
  return path;
}

test('a host may have none', async () => {
  expect(await findKvm(false, join(directory, 'none'))).toEqual({ kind: 'absent' });
});

test('a device for everybody needs no group', async () => {
  expect(await findKvm(false, device(0o666))).toEqual({ kind: 'usable', groups: [] });
  expect(await findKvm(true, device(0o666))).toEqual({ kind: 'usable', groups: [] });
});

test('a device for its group needs that group, but never that of root', async ({ skip }) => {
  skip(!isRoot, 'only root can give a file to another group');

  expect(await findKvm(false, device(0o660, SOME_GROUP))).toEqual({ kind: 'usable', groups: [SOME_GROUP] });
  expect(await findKvm(false, device(0o660, 0))).toEqual({ kind: 'forbidden' });
});

test('a device for its owner alone is forbidden to a VMM', async () => {
  expect(await findKvm(false, device(0o600))).toEqual({ kind: 'forbidden' });
});

test('the group is added to the identity of the VMM', () => {
  const identity = { uid: 7, gid: 7, groups: [] };

  expect(withKvmGroups(identity, { kind: 'usable', groups: [104] })).toEqual({ uid: 7, gid: 7, groups: [104] });
  expect(withKvmGroups(identity, { kind: 'absent' })).toEqual(identity);
  expect(withKvmGroups(null, { kind: 'usable', groups: [104] })).toBeNull();
});
