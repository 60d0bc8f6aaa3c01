import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listPids, readProcess } from '../../shared/process.ts';
import { launchVmm } from './launch.ts';
import { type LaunchRecord, readRecord } from './launch-record.ts';
import { vmDirectoryAt } from './vm-directory.ts';
import { findVmm } from './vmm-process.ts';

/* Launches without QEMU: what they do about processes. */

function programThatBecomesAnother(directory: string): string {
  const path = join(directory, 'program');
  writeFileSync(path, '#!/bin/sh\necho > became\nexec sleep 600\n');
  chmodSync(path, 0o755);
  return path;
}

test('a start that is called off ends its process, also while that has no command line that we know', async () => {
  const path = mkdtempSync(join(tmpdir(), 'launch-'));
  const directory = vmDirectoryAt(path);
  mkdirSync(directory.runPath);
  const record: LaunchRecord = {
    version: 1,
    vmId: 'vm',
    installationId: 'test',
    incarnation: 1,
    uuid: 'none',
    argv: [programThatBecomesAnother(path)],
    machineType: 'none',
    qemuVersion: '0',
    accelerator: 'tcg',
    imageDigest: '',
    launchedAt: 0,
    consoleOffset: 0,
    process: null,
    restore: null,
    isSpare: false,
    attachments: undefined,
    diskGib: undefined,
    end: null,
  };
  const caller = new AbortController();
  const launch = { directory, record, identity: null, files: new Map(), diesWithUs: true, onExit: () => undefined };
  let pid = 0;

  const launching = launchVmm(
    launch,
    async () => {
      const stored = await readRecord(directory.recordPath);
      pid = stored.kind === 'valid' ? (stored.record.process?.pid ?? 0) : 0;
      // It is not what was recorded any more: nothing but being its parent tells that it is ours.
      const isAnother = readProcess(pid)?.commandLine[0] === 'sleep';
      if (isAnother && stored.kind === 'valid' && findVmm(stored.record, directory) === null) caller.abort();
      return false;
    },
    caller.signal,
  );

  await expect(launching).rejects.toThrow();
  expect(pid).toBeGreaterThan(1);
  expect(listPids()).not.toContain(pid);
  expect(readFileSync(join(directory.runPath, 'became'), 'utf8')).toBe('\n');
  rmSync(path, { recursive: true });
});
