import { chmodSync, existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../ports/store-contract/fixture.contract.ts';
import { numberedId, sampleVm } from '../../../ports/store-contract/samples.contract.ts';
import { makeSqliteFixture } from './sqlite-store.fixture.ts';

const VM = numberedId('vm', 1);

describe('the SQLite file', () => {
  it('is for its owner alone, also one that was not, and so are the files beside it', async () => {
    await using fixture = makeSqliteFixture();
    writeFileSync(fixture.path, '');
    chmodSync(fixture.path, 0o666);

    const store = await fixture.open();
    await store.vms.insert(sampleVm(1));

    for (const suffix of ['', '-wal', '-shm']) expect(statSync(fixture.path + suffix).mode & 0o777).toBe(0o600);
  });

  it('is one file when the store has been closed', async () => {
    await using fixture = makeSqliteFixture();
    const store = await fixture.open();
    await store.vms.insert(sampleVm(1));

    await store[Symbol.asyncDispose]();

    expect(existsSync(`${fixture.path}-wal`)).toBe(false);
  });

  it('that is no database, or lost its pages, is said to be damaged', async () => {
    const damaged = refusal('data_loss', 'store.damaged');
    await using fixture = makeSqliteFixture();
    writeFileSync(fixture.path, 'not a database, but long enough to have a header '.repeat(100));
    await expect(fixture.open()).rejects.toEqual(damaged);

    await using other = makeSqliteFixture();
    const store = await other.open();
    for (let i = 0; i < 200; i++) await store.vms.insert(sampleVm(i));
    await store[Symbol.asyncDispose]();
    truncateSync(other.path, 3 * 4096);

    const reading = other.open().then((again) => again.vms.list({ limit: 1000, after: null }));
    await expect(reading).rejects.toEqual(damaged);
  });

  it('that cannot be opened is told of without its path', async () => {
    await using fixture = makeSqliteFixture();
    mkdirSync(fixture.path);

    const fault = await fixture.open().catch((error: unknown) => error);

    expect(fault).toEqual(refusal('failed_precondition', 'store.not_writable'));
    expect(String(fault)).not.toContain(fixture.path);
  });
});

describe('another program at the database', () => {
  it('is waited for, without holding up readers, and a change goes through when it lets go', async () => {
    await using fixture = makeSqliteFixture();
    const store = await fixture.open();
    const other = new Database(fixture.path);
    other.exec('BEGIN IMMEDIATE');

    const change = store.vms.insert(sampleVm(1));
    expect(await store.vms.get(VM)).toBeNull();
    other.exec('COMMIT');
    other.close();
    await change;

    expect(await store.vms.get(VM)).not.toBeNull();
  });

  it('that holds on for too long makes the store busy', async () => {
    await using fixture = makeSqliteFixture();
    const store = await fixture.open({ busyTimeoutMs: 20 });
    const other = new Database(fixture.path);
    other.exec('BEGIN IMMEDIATE');

    await expect(store.vms.insert(sampleVm(1))).rejects.toEqual(refusal('unavailable', 'store.busy'));

    other.close();
    await store.vms.insert(sampleVm(1));
  });

  it('makes what has been read uncertain, so that there is no count of changes', async () => {
    await using fixture = makeSqliteFixture();
    const [alone, shared] = [await fixture.open(), await fixture.open({ isShared: true })];

    expect(alone.vms.changeCount()).toBe(0);
    expect(shared.vms.changeCount()).toBeNull();
  });
});

describe('a transaction begun within another', () => {
  it('is refused in the end and does not stand still for ever', async () => {
    await using fixture = makeSqliteFixture();
    const store = await fixture.open({ busyTimeoutMs: 20 });

    const nested = store.transaction(async () => await store.vms.insert(sampleVm(1)));

    await expect(nested).rejects.toEqual(refusal('unavailable', 'store.busy'));
    await store.vms.insert(sampleVm(1));
  });
});
