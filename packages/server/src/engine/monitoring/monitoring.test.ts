import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { createPrometheusMeter } from '../../adapters/meters/prometheus-meter.ts';
import { openSqliteMetrics } from '../../adapters/metrics/sqlite-metrics.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import { VolaryError } from '../../domain/errors.ts';
import { createDrivers } from '../drivers.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { createSampler } from '../metrics/sampler.ts';
import { finish, soon } from '../vm-life.test-kit.ts';
import { createMeasures } from './measures.ts';
import { meteredStore } from './metered-store.ts';
import { createVmFigures } from './vm-figures.ts';

const log = createPinoLog({ level: 'error' });
const turns = { share: async () => undefined };
let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(name: string): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name, spec: {}, labels: {}, metadata: {}, start: true, warmStart: 'auto' },
  });
  await finish(server, operation);
}

/** The samples of this measure. */
function samples(text: string, name: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe('what a scrape tells', () => {
  it('is what the engine has done: operations and events by what they are, looks and steps', async () => {
    await create('bird');
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    const text = await server.engine.monitoring.scrape(ADMIN);

    expect(samples(text, 'volary_operation_duration_seconds_count')).toEqual([
      'volary_operation_duration_seconds_count{kind="vm.create",result="succeeded"} 1',
      'volary_operation_duration_seconds_count{kind="vm.stop",result="succeeded"} 1',
    ]);
    expect(samples(text, 'volary_events_total')).toContain('volary_events_total{type="vm.stopped"} 1');
    expect(samples(text, 'volary_step_duration_seconds_count')).toContain(
      'volary_step_duration_seconds_count{step="start-machine",result="succeeded"} 1',
    );
    expect(samples(text, 'volary_vms')).toContain('volary_vms{phase="stopped"} 1');
    expect(samples(text, 'volary_queue_keys')).toHaveLength(3);
    expect(samples(text, 'volary_operations_active')).toContain('volary_operations_active{state="running"} 0');
  });

  it('counts what was committed, and nothing that was rolled back', async () => {
    const meter = createPrometheusMeter({ turns });
    const store = meteredStore(server.store, createMeasures(meter), null);
    const event = {
      type: 'webhook.test',
      at: 1,
      subject: 'x',
      vmId: null,
      owner: null,
      operationId: null,
      data: {},
    } as const;

    await store.events.append([event, event]);
    await store.transaction(({ events }) => events.append([event]));
    const broken = store.transaction(async ({ events }) => {
      await events.append([event]);
      throw new VolaryError('aborted', 'Not now.', { reason: 'operation.superseded' });
    });
    await expect(broken).rejects.toMatchObject({ code: 'aborted' });

    expect(samples(await meter.read(), 'volary_events_total')).toEqual(['volary_events_total{type="webhook.test"} 3']);
  });

  it('has the requests that it was told of, those without a route together', async () => {
    const { monitoring } = server.engine;
    monitoring.noteRequest({ method: 'GET', route: '/v1/vms/{ref}', status: 200, durationMs: 20 });
    monitoring.noteRequest({ method: 'GET', route: null, status: 404, durationMs: 1 });

    const text = await monitoring.scrape(ADMIN);

    expect(samples(text, 'volary_http_request_duration_seconds_sum')).toEqual([
      'volary_http_request_duration_seconds_sum{method="GET",route="/v1/vms/{ref}",status="200"} 0.02',
      'volary_http_request_duration_seconds_sum{method="GET",route="none",status="404"} 0.001',
    ]);
  });

  it('is for those who may read measures', async () => {
    const nobody = { ...ADMIN, rights: { all: new Set<never>(), own: new Set<never>() } };

    await expect(server.engine.monitoring.scrape(nobody)).rejects.toMatchObject({
      reason: 'access.denied',
      details: { required_permission: 'metrics:read' },
    });
  });
});

describe('what is told of a VM', () => {
  it('is what its guest tells, and a gap as soon as that is old, or the VM does not run', async () => {
    await create('bird');
    await create('nest');
    await finish(server, (await server.engine.vms.stop(ADMIN, 'nest', { graceMs: 0 })).operation);
    const { id } = await server.engine.vms.get(ADMIN, 'bird');
    const system = createSystemClock();
    let aheadMs = 0;
    const clock = { ...system, monotonicMs: () => system.monotonicMs() + aheadMs };
    await using metrics = openSqliteMetrics(':memory:', { log });
    const driver = createSimulatedDriver({ world: installation.world });
    const link = await driver.openLink(id, { signal: soon.signal });
    const links = { all: () => new Map([[id, link]]) };
    const sampler = createSampler({
      store: server.store,
      drivers: createDrivers(driver, []),
      clock,
      log,
      ids: createSystemIds(),
      links,
      metrics,
    });
    const meter = createPrometheusMeter({ turns });
    const look = createVmFigures(meter, { store: server.store, turns, sampler });

    await sampler.look(soon.signal);
    await sampler.settled();
    await look();
    const fresh = await meter.read();
    aheadMs = 16_000;
    await look();
    const old = await meter.read();

    expect(samples(fresh, 'volary_vm_cpus')).toEqual([`volary_vm_cpus{vm="${id}",name="bird"} 1`]);
    expect(samples(fresh, 'volary_vm_memory_size_bytes')).toHaveLength(1);
    expect(samples(fresh, 'volary_vm_cpu_seconds_total')).toHaveLength(4);
    expect(samples(old, 'volary_vm_memory_size_bytes')).toEqual([]);
    expect(samples(old, 'volary_vm_cpu_seconds_total')).toEqual([]);
    expect(samples(old, 'volary_vm_cpus')).toHaveLength(1);
    await link[Symbol.asyncDispose]();
  });

  it('is what its host knows where its guest does not tell, under names of its own', async () => {
    await create('bird');
    await using metrics = openSqliteMetrics(':memory:', { log });
    const drivers = createDrivers(createSimulatedDriver({ world: installation.world }), []);
    const clock = createSystemClock();
    const links = { all: () => new Map() };
    const sampler = createSampler({ store: server.store, drivers, clock, log, ids: createSystemIds(), links, metrics });
    const meter = createPrometheusMeter({ turns });
    const look = createVmFigures(meter, { store: server.store, turns, sampler });

    await sampler.findMachines();
    await sampler.look(soon.signal);
    await sampler.settled();
    await look();
    const told = (await meter.read()).split('\n').flatMap((line) => /^(volary_vm_\w+)\{/.exec(line)?.slice(1) ?? []);

    expect(told.toSorted()).toEqual([
      ...['volary_vm_cpus', 'volary_vm_healthy', 'volary_vm_memory_size_bytes', 'volary_vm_monitor_cpu_seconds_total'],
      ...['read_bytes', 'reads_completed', 'writes_completed', 'written_bytes'].map(
        (name) => `volary_vm_monitor_disk_${name}_total`,
      ),
      'volary_vm_monitor_memory_bytes',
      ...['receive_bytes', 'receive_packets', 'transmit_bytes', 'transmit_packets'].map(
        (name) => `volary_vm_monitor_network_${name}_total`,
      ),
    ]);
  });
});
