import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { makeSqliteFixture, type SqliteFixture } from '../../adapters/stores/sqlite/sqlite-store.fixture.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import type { AuditEntry } from '../../domain/audit/audit.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { NOBODY, type Principal } from '../../domain/principal/principal.ts';
import type { Store } from '../../ports/store.ts';
import { principalWith } from '../principals.test-kit.ts';
import { createRefusals, type Refusals } from './refusals.ts';

let fixture: SqliteFixture;
let store: Store;
let clock: ManualClock;
let refusals: Refusals;
const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });

beforeEach(async () => {
  fixture = makeSqliteFixture();
  store = await fixture.open();
  clock = createManualClock();
  refusals = createRefusals({ store, clock, log });
});
afterEach(() => fixture[Symbol.asyncDispose]());

const BIRD = principalWith('bird', 'vm:read');

function from(address: string): Principal {
  return { ...NOBODY, origin: { address, requestId: 'req_1' } };
}

function note(principal: Principal, number: number, code: ErrorCode = 'unauthenticated', action = 'vm.create'): void {
  const target = { kind: 'vm', id: null, name: `vm-${number}` };
  refusals.note(principal, { action, target, error: { code, reason: `reason.${code}`, details: {} } });
}

async function written(): Promise<readonly AuditEntry[]> {
  return await store.audit.list({ order: 'oldest-first', limit: 20_000, after: null });
}

/** How many refusals the entries stand for. */
function told(entries: readonly AuditEntry[]): number {
  return entries.reduce((sum, { details }) => sum + Number(details['count'] ?? 1), 0);
}

describe('a few refusals', () => {
  it('are written one by one, as they came, with nothing but the permission of their details', async () => {
    refusals.note(BIRD, {
      action: 'vm.delete',
      target: { kind: 'vm', id: null, name: 'nest' },
      error: {
        code: 'permission_denied',
        reason: 'access.denied',
        details: { required_permission: 'vm:delete', secret: 'sesame' },
      },
    });
    note(from('192.0.2.1'), 1, 'internal');
    expect(await written()).toEqual([]);

    await refusals.flush();

    expect(await written()).toMatchObject([
      {
        ...{ principal: 'bird', action: 'vm.delete', target: { name: 'nest' }, address: '127.0.0.1' },
        ...{ result: 'refused', reason: 'access.denied', details: { required_permission: 'vm:delete' } },
      },
      { principal: 'nobody', address: '192.0.2.1', requestId: 'req_1', result: 'failed', details: {} },
    ]);
    expect(JSON.stringify(await written())).not.toContain('sesame');
  });

  it('are written by themselves within a second, and all of them at the end', async () => {
    const stopping = new AbortController();
    const running = refusals.run({ signal: stopping.signal });
    note(BIRD, 1);
    await clock.advance(1_000);
    await refusals.flush();
    expect(await written()).toHaveLength(1);

    for (let i = 0; i < 400; i++) note(BIRD, i);
    stopping.abort(new DOMException('the test is over', 'AbortError'));
    await running;

    expect(told(await written())).toBe(401);
  });
});

describe('a flood of refusals', () => {
  it('from one address comes to some entries and a sum, and none is lost', async () => {
    for (let i = 0; i < 10_000; i++) note(from('192.0.2.1'), i);
    await refusals.flush();
    const atOnce = (await written()).length;

    await clock.advance(60_000);
    await refusals.flush();

    const entries = await written();
    expect(atOnce).toBeLessThanOrEqual(200);
    expect(entries.length).toBe(atOnce + 1);
    expect(told(entries)).toBe(10_000);
    expect(entries.at(-1)).toMatchObject({
      ...{ principal: 'nobody', address: '192.0.2.1', action: 'vm.create', reason: 'reason.unauthenticated' },
      ...{ requestId: null, target: { kind: 'vm', id: null, name: null }, details: { count: 10_000 - atOnce } },
    });
  });

  it('from ever new addresses, for six hours, comes to no more than a disk can hold', async () => {
    let sent = 0;
    for (let minute = 0; minute < 6 * 60; minute += 10) {
      for (let i = 0; i < 400; i++) note(from(`198.51.${sent % 250}.${(sent++ >> 4) % 250}`), i);
      await clock.advance(10 * 60_000);
      await refusals.flush();
    }
    await refusals.flush({ sums: true });

    const entries = await written();
    expect(told(entries)).toBe(sent);
    // 30 a minute and what all together have at once, and for each of 36 looks the sums.
    expect(entries.length).toBeLessThan(2_000 + 36 * (300 + 33));
  });

  it('from one network of IPv6 is one from one address', async () => {
    for (let i = 0; i < 1_000; i++) note(from(`2001:db8::${i.toString(16)}`), i);
    await refusals.flush({ sums: true });

    const entries = await written();
    expect(entries.length).toBeLessThanOrEqual(200 + 33);
    expect(told(entries)).toBe(1_000);
    expect(entries.at(-1)).toMatchObject({ principal: 'various', address: null, action: 'various', reason: 'various' });
  });

  it('of one does not hide what another is refused', async () => {
    for (let i = 0; i < 5_000; i++) note(from('192.0.2.1'), i);
    note(BIRD, 7, 'permission_denied', 'vm.delete');
    await refusals.flush();

    expect((await written()).filter(({ principal }) => principal === 'bird')).toHaveLength(1);
  });

  it('ends, and then each is told of again', async () => {
    for (let i = 0; i < 300; i++) note(from('192.0.2.1'), i);
    await clock.advance(60 * 60_000);
    await refusals.flush();
    const before = (await written()).length;

    for (let i = 0; i < 20; i++) note(from('192.0.2.1'), i);
    await refusals.flush();

    expect((await written()).length).toBe(before + 20);
  });
});

describe('a store that cannot be written', () => {
  it('gets what was refused as soon as it can be, once', async () => {
    let isFull = true;
    const failing: Store = {
      ...store,
      audit: {
        ...store.audit,
        append: async (entries) => {
          if (isFull) throw new Error('no room');
          await store.audit.append(entries);
        },
      },
    };
    refusals = createRefusals({ store: failing, clock, log });
    for (let i = 0; i < 5; i++) note(BIRD, i);
    await expect(refusals.flush()).rejects.toThrow('no room');
    isFull = false;

    await Promise.all([refusals.flush(), refusals.flush()]);

    expect((await written()).map(({ target }) => target.name)).toEqual(['vm-0', 'vm-1', 'vm-2', 'vm-3', 'vm-4']);
  });
});
