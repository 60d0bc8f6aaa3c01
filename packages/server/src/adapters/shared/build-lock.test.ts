import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireBuildLock, type LockedCache, tryBuildLock } from './build-lock.ts';

const HOLDER = fileURLToPath(new URL('./build-lock.fixture.ts', import.meta.url));
const patiently = { signal: new AbortController().signal };
let cache: LockedCache;

beforeEach(() => {
  const directory = join(mkdtempSync(join(tmpdir(), 'volary-test-build-lock-')), 'cache');
  cache = { directory, lock: join(directory, 'build.lock') };
});
afterEach(() => rmSync(join(cache.directory, '..'), { recursive: true }));

describe('the lock of a build', () => {
  it('is held by one at a time, also within a process', async () => {
    const first = await acquireBuildLock(cache, patiently);
    expect(await tryBuildLock(cache)).toBeNull();

    const waits = Promise.withResolvers<void>();
    const second = acquireBuildLock(cache, { ...patiently, onWait: waits.resolve });
    await waits.promise;
    first[Symbol.dispose]();

    (await second)[Symbol.dispose]();
  });

  it('is not waited for where nobody holds it', async () => {
    const onWait = vi.fn();

    using _lock = await acquireBuildLock(cache, { ...patiently, onWait });

    expect(onWait).not.toHaveBeenCalled();
  });

  it('is free again when the process that held it was killed', async () => {
    const holder = spawn(process.execPath, [HOLDER, cache.directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    expect(await tryBuildLock(cache)).toBeNull();

    holder.kill('SIGKILL');
    await once(holder, 'close');

    using lock = await tryBuildLock(cache);
    expect(lock).not.toBeNull();
  });

  it('is waited for no longer than the signal allows', async () => {
    using _held = await acquireBuildLock(cache, patiently);
    const impatient = new AbortController();

    const waiting = acquireBuildLock(cache, { signal: impatient.signal });
    impatient.abort(new Error('no patience'));

    await expect(waiting).rejects.toThrow('no patience');
  });
});
