import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findKvmFault } from './kvm-device.ts';

let directory: string;
let device: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-doctor-'));
  device = join(directory, 'kvm');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('what keeps VMs from the hardware', () => {
  it('is that there is none', async () => {
    expect(await findKvmFault(device)).toMatchObject({ fix: expect.stringContaining('firmware') });
  });

  it('is that it is for its owner alone, for which the firmware can do nothing', async () => {
    writeFileSync(device, '', { mode: 0o600 });

    const fix = expect.stringMatching(/^sudo chgrp kvm .* chmod 660/);
    expect(await findKvmFault(device, true)).toEqual({ detail: `${device} is for its owner alone`, fix });
    expect(await findKvmFault(device, false)).toBeNull();
  });

  it('is nothing where others may use it', async () => {
    writeFileSync(device, '');
    chmodSync(device, 0o666);

    expect(await findKvmFault(device, true)).toBeNull();
  });

  it('is that we may not open it, with our name', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may open any file');
    writeFileSync(device, '', { mode: 0 });

    expect(await findKvmFault(device)).toMatchObject({ fix: expect.stringContaining(userInfo().username) });
  });
});
