import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { driverContract } from '../../ports/driver.contract.ts';
import { COMMON_FAULT_POINTS, FAULT_POINTS } from '../../ports/fault-point.ts';
import { storeContract } from '../../ports/store.contract.ts';
import { makeSimulatedSubject } from '../drivers/simulated/simulated-machine.fixture.ts';
import { createSimulatedNetworks } from '../networks/simulated-networks.ts';
import { makeSqliteFixture } from '../stores/sqlite/sqlite-store.fixture.ts';
import { killAtFaultPoint } from './kill-at-fault-point.ts';
import { driverWithFaultPoints, networksWithFaultPoints, storeWithFaultPoints } from './with-fault-points.ts';

/* A port that is wrapped is still that port. */

const pass = (): void => undefined;

storeContract({
  name: 'SQLite with fault points',
  make: async () => {
    const fixture = makeSqliteFixture();
    return {
      open: async () => storeWithFaultPoints(await fixture.open(), pass),
      [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
    };
  },
});

driverContract({
  name: 'the simulated driver with fault points',
  make: async () => {
    const subject = makeSimulatedSubject();
    return { ...subject, makeDriver: () => driverWithFaultPoints(subject.makeDriver(), pass) };
  },
});

test('networks are applied between two points, and are what they were', async () => {
  const passed: string[] = [];
  const networks = networksWithFaultPoints(createSimulatedNetworks(), (name) => passed.push(name));

  await networks.apply({ networks: [], guests: [], groups: [] }, { signal: new AbortController().signal });

  expect(passed).toEqual(['networks.apply.before', 'networks.apply.after']);
  expect(networks.whyNone).toBeNull();
});

test('the process dies at the N-th passing of the point, and at no other', () => {
  const script = `
    import { killAtFaultPoint } from ${JSON.stringify(join(import.meta.dirname, 'kill-at-fault-point.ts'))};
    const pass = killAtFaultPoint('driver.create-disk.after:2');
    for (let i = 0; i < 3; i++) pass('driver.create-disk.before');
    pass('driver.create-disk.after');
    process.stdout.write('once');
    pass('driver.create-disk.after');
    process.stdout.write('twice');
  `;

  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });

  expect({ stdout, signal }).toEqual({ stdout: 'once', signal: 'SIGKILL' });
});

test.each(['nowhere:1', 'driver.create-disk.after', 'driver.create-disk.after:0', ''])('there is no %j', (told) => {
  expect(() => killAtFaultPoint(told)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', reason: 'config.invalid' }),
  );
});

test('each point has a name of its own', () => {
  expect(new Set(FAULT_POINTS).size).toBe(FAULT_POINTS.length);
  expect(FAULT_POINTS.length).toBeGreaterThan(COMMON_FAULT_POINTS.length);
});
