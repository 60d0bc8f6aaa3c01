import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CloudInit } from '../domain/vm/cloud-init.ts';
import { plainUserData, requireReadable } from './cloud-init-texts.ts';

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

  it.each(['#include\nfile:///x\n', '## template: jinja\n#cloud-config\n', '#cloud-boothook\n', 'MIME-Version: 1.0\n'])(
    'of user data of the kinds that cloud-init knows are taken: %j',
    async (userData) => {
      await expect(requireReadable({ ...NOTHING, userData })).resolves.toBeUndefined();
    },
  );

  it.each(['users:\n  - ada\n', ' #cloud-config\n', '#cloud-configuration\n', 'MZ'])(
    'of user data of no kind are refused: %j',
    async (userData) => {
      await expect(requireReadable({ ...NOTHING, userData })).rejects.toMatchObject({
        reason: 'vm.invalid_cloud_init',
        details: { field: 'cloud_init.user_data', line: 1 },
      });
    },
  );

  it('of user data that come packed are unpacked, as far as they may', async () => {
    const packed = (text: string) => gzipSync(text).toString('base64');

    expect(await plainUserData(packed('#!/bin/sh\n'))).toBe('#!/bin/sh\n');
    expect(await plainUserData('#!/bin/sh\n')).toBe('#!/bin/sh\n');
    await expect(plainUserData(packed('#'.repeat(10_000_000)))).rejects.toThrow('cloud_init.user_data');
    await expect(plainUserData('H4sIAAAA')).rejects.toThrow('cloud_init.user_data');
  });

  it('of several documents are refused', async () => {
    await expect(requireReadable({ ...NOTHING, userData: '#cloud-config\na: 1\n---\nb: 2\n' })).rejects.toThrow(
      'several YAML documents',
    );
  });

  it('of far more parts than anybody writes are not looked into', async () => {
    await expect(requireReadable({ ...NOTHING, metaData: '}'.repeat(65_000) })).rejects.toThrow('far more parts');
  });

  it('of metadata and network are mappings', async () => {
    await expect(requireReadable({ ...NOTHING, metaData: 'instance-id: a' })).resolves.toBeUndefined();
    await expect(requireReadable({ ...NOTHING, metaData: 'a' })).rejects.toThrow('cloud_init.meta_data');
    await expect(requireReadable({ ...NOTHING, networkConfig: '{version: 2}' })).resolves.toBeUndefined();
    await expect(requireReadable({ ...NOTHING, networkConfig: '{version: 2' })).rejects.toThrow('network_config');
  });

  it('of metadata that would expand without an end, or lead into themselves, are refused', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const bomb = `a0: &a0 [x]\n${levels.join('\n')}\n`;
    const started = performance.now();

    await expect(requireReadable({ ...NOTHING, metaData: bomb })).rejects.toMatchObject({
      reason: 'vm.invalid_cloud_init',
      message: expect.stringContaining('aliases'),
    });
    await expect(requireReadable({ ...NOTHING, metaData: 'a: &a [*a]\n' })).rejects.toThrow('aliases');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('of metadata may use a few aliases', async () => {
    await expect(requireReadable({ ...NOTHING, metaData: 'a: &a {b: 1}\nc: *a\nd: *a\n' })).resolves.toBeUndefined();
  });

  it.each(['userData', 'metaData', 'networkConfig'] as const)(
    'of %s as deep as the stack are refused',
    async (field) => {
      const deep = `#cloud-config\na: ${'['.repeat(15_000)}${']'.repeat(15_000)}\n`;

      await expect(requireReadable({ ...NOTHING, [field]: deep })).rejects.toMatchObject({
        reason: 'vm.invalid_cloud_init',
      });
    },
  );

  it('of user data that would expand without an end are not expanded', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const bomb = `#cloud-config\na0: &a0 [x]\n${levels.join('\n')}\n`;

    await expect(requireReadable({ ...NOTHING, userData: bomb })).resolves.toBeUndefined();
  });
});
