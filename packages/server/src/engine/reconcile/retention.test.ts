import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { makeSqliteFixture, type SqliteFixture } from '../../adapters/stores/sqlite/sqlite-store.fixture.ts';
import type { EventType } from '../../domain/events.ts';
import type { Store } from '../../ports/store.ts';
import {
  numberedId,
  sampleAuditEntry,
  sampleEvent,
  sampleExecution,
  sampleOperation,
  sampleWebhook,
} from '../../ports/store-contract/samples.contract.ts';
import { createAges } from '../ages.ts';
import { ENGINE_DEFAULTS, type EngineConfig } from '../deps.ts';
import { dropOld } from './retention.ts';

const HOUR_MS = 3_600_000;
const VM = numberedId('vm', 1);
const clock = createManualClock();
let ages = createAges(clock);
const ago = (hours: number): number => clock.now() - hours * HOUR_MS;

let fixture: SqliteFixture;
let store: Store;

beforeEach(async () => {
  fixture = makeSqliteFixture();
  store = await fixture.open();
  ages = createAges(clock);
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** Drops what is old by these bounds, with the pauses that this takes. */
async function drop(limits: Partial<EngineConfig['limits']>): Promise<void> {
  const config = { ...ENGINE_DEFAULTS, version: 'test', hostId: numberedId('host', 1), adminKey: null };
  const all = { ...config, limits: { ...config.limits, ...limits } };
  let isDone = false;
  const dropping = dropOld({ store, clock, config: all, ages }, new AbortController().signal).finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(10);
  await dropping;
}

async function kept(): Promise<object> {
  const page = { limit: 100, after: null };
  return {
    operations: (await store.operations.list(page)).map(({ id }) => id).reverse(),
    executions: (await store.executions.list(page)).map(({ id }) => id).reverse(),
  };
}

describe('retention', () => {
  it('drops events past their age or number, in as many steps as it takes, and never the others', async () => {
    await store.events.append(Array.from({ length: 1_200 }, () => sampleEvent(VM, '', { at: ago(3) })));
    await store.events.append(Array.from({ length: 300 }, () => sampleEvent(VM, '', { at: ago(1) })));

    await drop({ eventMs: 4 * HOUR_MS });
    expect(await store.events.bounds()).toEqual({ first: 1, last: 1_500 });
    await drop({ eventMs: 2 * HOUR_MS });
    expect(await store.events.bounds()).toEqual({ first: 1_201, last: 1_500 });
    await drop({ eventCount: 50 });
    expect(await store.events.bounds()).toEqual({ first: 1_451, last: 1_500 });
  });

  it('drops what was done long ago from the audit, in as many steps as it takes', async () => {
    const done = (hours: number, count: number) =>
      store.audit.append(Array.from({ length: count }, () => sampleAuditEntry({ at: ago(hours) })));
    await done(30, 1_100);
    await done(10, 3);

    await drop({});
    expect(await store.audit.list({ order: 'oldest-first', limit: 1, after: null })).toMatchObject([{ sequence: 1 }]);
    await drop({ auditMs: 20 * HOUR_MS });

    const left = await store.audit.list({ order: 'oldest-first', limit: 9, after: null });
    expect(left.map(({ sequence }) => sequence)).toEqual([1_101, 1_102, 1_103]);
  });

  it('drops what is finished for long, with its output, and nothing of what is not', async () => {
    const finished = (hours: number) => ({ state: 'failed', completedAt: ago(hours) }) as const;
    const began = { createdAt: ago(900), startedAt: ago(900) };
    await store.operations.insert(sampleOperation(1, VM, finished(100)));
    await store.operations.insert(sampleOperation(2, VM, finished(50)));
    await store.operations.insert(sampleOperation(3, VM, { state: 'running', ...began }));
    for (let i = 10; i < 30; i++) await store.executions.insert(sampleExecution(i, VM, finished(100)));
    await store.executions.insert(sampleExecution(30, VM, finished(50)));
    await store.executions.insert(sampleExecution(31, VM, { state: 'running', ...began }));
    for (const number of [10, 31])
      await store.executions.appendOutput(numberedId('exec', number), 'stdout', 0, new Uint8Array(9));

    await drop({ finishedMs: 72 * HOUR_MS });

    expect(await kept()).toEqual({
      operations: [2, 3].map((number) => numberedId('op', number)),
      executions: [30, 31].map((number) => numberedId('exec', number)),
    });
    expect(await store.executions.outputLengths(numberedId('exec', 10))).toMatchObject({ stdout: 0 });
    expect(await store.executions.outputLengths(numberedId('exec', 31))).toMatchObject({ stdout: 9 });
  });

  it('moves webhooks past events that are not for them before it drops these: they have lost nothing', async () => {
    await store.webhooks.insert(sampleWebhook(1, { types: ['vm.failed'], vmId: null, cursor: 0 }));
    await store.webhooks.insert(sampleWebhook(2, { types: ['vm.failed'], vmId: null, cursor: 1, isEnabled: false }));
    await store.webhooks.insert(sampleWebhook(3, { types: null, vmId: null, cursor: 2 }));
    const make = (count: number, type: EventType) =>
      store.events.append(Array.from({ length: count }, () => sampleEvent(VM, '', { type, at: ago(3) })));
    await make(20, 'vm.started');
    await make(1, 'vm.failed');
    await make(20, 'vm.started');
    const cursors = async () => (await store.webhooks.list({ limit: 9, after: null })).map(({ cursor }) => cursor);

    await drop({ eventMs: 4 * HOUR_MS });
    expect(await cursors()).toEqual([0, 1, 2]);
    await drop({ eventMs: 2 * HOUR_MS });
    expect(await cursors()).toEqual([20, 20, 2]);
  });

  it('drops nothing before its time when the wall clock is set ahead, and all of it in its time', async () => {
    const events = Array.from({ length: 3 }, () => sampleEvent(VM, '', { at: ago(1) }));
    await store.events.append(events);
    await store.operations.insert(sampleOperation(1, VM, { state: 'failed', completedAt: ago(1) }));

    clock.jump(1_000 * HOUR_MS);
    await drop({ eventMs: 2 * HOUR_MS, finishedMs: 2 * HOUR_MS, idempotencyMs: HOUR_MS });
    expect(await store.events.bounds()).toEqual({ first: 1, last: 3 });
    expect(await kept()).toMatchObject({ operations: [numberedId('op', 1)] });

    await clock.advance(2 * HOUR_MS);
    await drop({ eventMs: 2 * HOUR_MS, finishedMs: 2 * HOUR_MS, idempotencyMs: HOUR_MS });
    expect(await store.events.bounds()).toEqual({ first: 4, last: 3 });
    expect(await kept()).toMatchObject({ operations: [] });
  });

  it('keeps an operation for as long as a repeated request may ask for it', async () => {
    await store.operations.insert(sampleOperation(1, VM, { state: 'succeeded', completedAt: ago(20) }));

    await drop({ finishedMs: HOUR_MS, idempotencyMs: 24 * HOUR_MS });

    expect(await kept()).toMatchObject({ operations: [numberedId('op', 1)] });
  });
});
