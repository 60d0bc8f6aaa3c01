import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedWorld } from '../../adapters/drivers/simulated/simulated-world.ts';
import { openSqliteLogs } from '../../adapters/logs/sqlite/sqlite-logs.ts';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Store } from '../../ports/store.ts';
import { numberedId, sampleEvent, sampleExecution, sampleVm } from '../../ports/store-contract/samples.contract.ts';
import { createDrivers } from '../drivers.ts';
import { createIntake, type Intake } from './intake.ts';
import { createLogIntake, type LogIntake } from './log-intake.ts';

/** What was said as a warning, a line each. */
let told: { readonly source: string; readonly error: { readonly message: string } }[];
const log = createPinoLog({ level: 'warn', stream: { write: (line: string) => told.push(JSON.parse(line)) } });
const sources = () => told.map(({ source }) => source);
const isAway = () => new VolaryError('unavailable', 'The disk is full.', { reason: 'logs.unavailable' });

/** Time is stepped at each look. */
const soon = { timeout: 20_000 };

beforeEach(() => {
  told = [];
});

describe('sources', () => {
  const clock = createManualClock();
  let intake: Intake;
  afterEach(async () => {
    await intake.stop();
  });

  it('that fail keep no other waiting, rest ever longer, and each is told of once', async () => {
    const tries = { bad: 0, good: 0 };
    intake = createIntake({ clock, log }, 'output', async (source) => {
      tries[source === 'good' ? 'good' : 'bad'] += 1;
      if (source !== 'good') throw new Error(`${source} is broken`);
      return false;
    });
    const bad = Array.from({ length: 8 }, (_, at) => `bad ${at}`);

    for (const source of [...bad, 'good']) intake.offer(source);
    await clock.advance(0);
    expect(tries).toEqual({ bad: 8, good: 1 });

    for (let second = 0; second < 20; second++) {
      for (const source of [...bad, 'good']) intake.offer(source);
      await clock.advance(1_000);
    }
    expect(tries).toEqual({ bad: 8 * 5, good: 21 });
    expect(sources()).toEqual(bad);
  });

  it('are told of again where they fail anew after they went well', async () => {
    let isBroken = true;
    intake = createIntake({ clock, log }, 'output', async () => {
      if (isBroken) throw new Error('it is broken');
      return false;
    });
    intake.offer('one');
    await clock.advance(500);
    isBroken = false;
    await clock.advance(500);

    isBroken = true;
    intake.offer('one');
    await clock.advance(0);

    expect(sources()).toEqual(['one', 'one']);
  });

  it('that fail alike since something is away are told of once, and what fails otherwise by itself', async () => {
    intake = createIntake({ clock, log }, 'output', async (source) => {
      throw source === 'odd' ? new Error('it is odd') : isAway();
    });

    for (const source of ['one', 'two', 'odd', 'three']) intake.offer(source);
    await clock.advance(5_000);

    expect(sources()).toEqual(['one', 'odd']);
  });
});

describe('the log', () => {
  let dir: string;
  let store: Store;
  let logs: LogStore;
  /** Why nothing can be kept, or read of what is; null: it can be. */
  let fault: Error | null;
  let hasNoOutput: boolean;
  /** Done when somebody has looked at a cursor, once. */
  let afterLook: (() => Promise<unknown>) | null;
  let running: Promise<void>;
  let stop: AbortController;
  const clock = createManualClock();

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'volary-test-intake-'));
    store = await createSqliteStore({ path: join(dir, 'volary.db') });
    const kept = openSqliteLogs(join(dir, 'logs.db'), { log, writer: 'here' });
    const unlessFull = async <T>(action: () => Promise<T>): Promise<T> => {
      if (fault !== null) throw fault;
      return await action();
    };
    logs = {
      ...kept,
      append: (...lines) => unlessFull(() => kept.append(...lines)),
      appendOutput: async (output) => {
        if (hasNoOutput) throw isAway();
        return await kept.appendOutput(output);
      },
      async cursor(key) {
        const position = await kept.cursor(key);
        const next = afterLook;
        afterLook = null;
        await next?.();
        return position;
      },
      cursors: (prefix) => unlessFull(() => kept.cursors(prefix)),
    };
    fault = null;
    hasNoOutput = false;
    afterLook = null;
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort(new DOMException('enough', 'AbortError'));
    await running;
    await logs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  function run(): LogIntake {
    const flushOutput = async () => undefined;
    const drivers = createDrivers(createSimulatedDriver({ world: createSimulatedWorld({ clock }) }), []);
    const intake = createLogIntake({ store, logs, drivers, clock, log, bus: createMemoryBus({ log }), flushOutput });
    running = intake.run(stop);
    return intake;
  }

  async function messages(): Promise<readonly string[]> {
    await clock.advance(1_000);
    const page = { direction: 'forward', from: null, limit: 100 } as const;
    return (await logs.read(page, stop)).lines.map(({ message }) => message);
  }

  async function happen(note: string): Promise<void> {
    await store.events.append([sampleEvent(null, '', { data: { name: note } })]);
  }

  it('says again that events cannot be taken when that begins anew', async () => {
    fault = isAway();
    await happen('first');
    run();
    await expect.poll(async () => [await messages(), sources()], soon).toEqual([[], ['output', 'events']]);

    fault = null;
    await expect.poll(messages, soon).toEqual(['image.built first']);
    fault = isAway();
    await happen('second');

    await expect
      .poll(async () => [await messages(), sources().slice(2)], soon)
      .toEqual([['image.built first'], ['events']]);
  });

  it('takes what a workload wrote that was over before the server began, also where it could not at first', async () => {
    const execution = sampleExecution(1, numberedId('vm', 1), { isWorkload: true, state: 'exited' });
    await store.executions.insert(execution);
    await store.executions.appendOutput(execution.id, 'stdout', 0, new TextEncoder().encode('late\n'));
    await logs.append([], { key: `output:${execution.id}:stdout`, to: 0 });
    fault = isAway();
    run();
    await expect.poll(async () => [await messages(), sources()], soon).toEqual([[], ['output']]);

    fault = null;

    await expect.poll(messages, soon).toEqual(['late']);
  });

  const executionId = numberedId('exec', 1);
  /** A VM whose workload has written this. */
  async function makeWriter(text: string): Promise<Vm> {
    const last = { lastExitCode: null, lastSignal: null, lastExitAt: null, message: null };
    const workloadStatus = { ...last, executionId, incarnation: 1, state: 'running', runs: 1 } as const;
    const vm = sampleVm(1, { workloadStatus });
    await store.executions.insert(sampleExecution(1, vm.id, { isWorkload: true }));
    await store.executions.appendOutput(executionId, 'stdout', 0, new TextEncoder().encode(text));
    return vm;
  }
  const lost = '12 bytes of output are missing here: the VM was deleted before all of it was taken.';

  it('says how much it could not take of a VM that is deleted, once', async () => {
    const vm = await makeWriter('never taken\n');
    hasNoOutput = true;
    const intake = run();

    const untaken = await intake.drain(vm, stop);
    await intake.tellLost(vm, untaken);
    hasNoOutput = false;
    await intake.tellLost(vm, untaken);
    await intake.tellLost(vm, await intake.drain(vm, stop));

    await clock.advance(60_000);
    await expect.poll(messages, soon).toEqual([lost]);
  });

  it('does not say that something is missing that is taken at the same time', async () => {
    const vm = await makeWriter('taken\nnever taken\n');
    hasNoOutput = true;
    const intake = run();

    const untaken = await intake.drain(vm, stop);
    hasNoOutput = false;
    const about = { key: `output:${executionId}:stdout`, source: 'stdout', vmId: vm.id, owner: vm.owner } as const;
    const taken = { executionId, at: clock.now(), offset: 0, bytes: new TextEncoder().encode('taken\n'), isEnd: false };
    afterLook = async () => await logs.appendOutput({ ...about, ...taken });
    await intake.tellLost(vm, untaken);

    await expect.poll(messages, soon).toEqual(['taken', lost]);
  });

  it('says nothing of what it could not take as long as it may yet', async () => {
    const vm = await makeWriter('taken\n');
    hasNoOutput = true;
    const intake = run();

    await intake.drain(vm, stop);
    hasNoOutput = false;

    expect(await intake.drain(vm, stop)).toEqual({ hasConsole: false, sources: [] });
    await expect.poll(messages, soon).toEqual(['taken']);
  });
});
