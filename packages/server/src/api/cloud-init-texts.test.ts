import { describe, expect, it } from 'vitest';
import type { CloudInit } from '../domain/vm/cloud-init.ts';
import { requireReadable } from './cloud-init-texts.ts';

const NOTHING: CloudInit = { userData: null, metaData: null, networkConfig: null };

describe("cloud-init's texts", () => {
  it.each([
    '#cloud-config\nusers:\n  - name: ada\n',
    '#cloud-config\n',
    '#cloud-config\r\nhostname: a\r\n',
    '#cloud-config\nhostname: a\nhostname: b\n',
    '#!/bin/sh\n: [',
    'Content-Type: multipart/mixed; boundary="b"\n\n--b--\n',
  ])('of user data are taken: %j', async (userData) => {
    await expect(requireReadable({ ...NOTHING, userData })).resolves.toBeUndefined();
  });

  it.each([
    ['#cloud-config\nusers:\n  - name: [ada\n', 4],
    ['#cloud-config\nusers: a: b\n', 2],
    ['#cloud-config\n- a\n', 1],
  ])('of user data that is broken are refused with the line: %j', async (userData, line) => {
    await expect(requireReadable({ ...NOTHING, userData })).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'vm.invalid_cloud_init',
      details: { field: 'cloud_init.user_data', line },
    });
  });

  it('of several documents are refused', async () => {
    await expect(requireReadable({ ...NOTHING, userData: '#cloud-config\na: 1\n---\nb: 2\n' })).rejects.toThrow(
      'several YAML documents',
    );
  });

  it('of metadata and network are mappings', async () => {
    await expect(requireReadable({ ...NOTHING, metaData: 'instance-id: a' })).resolves.toBeUndefined();
    await expect(requireReadable({ ...NOTHING, metaData: 'a' })).rejects.toThrow('cloud_init.meta_data');
    await expect(requireReadable({ ...NOTHING, networkConfig: '{version: 2}' })).resolves.toBeUndefined();
    await expect(requireReadable({ ...NOTHING, networkConfig: '{version: 2' })).rejects.toThrow('network_config');
  });

  it('that would expand without an end are not expanded', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const bomb = `#cloud-config\na0: &a0 [x]\n${levels.join('\n')}\n`;

    await expect(requireReadable({ ...NOTHING, userData: bomb })).resolves.toBeUndefined();
  });
});
