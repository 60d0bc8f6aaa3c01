import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

let installation: Installation;
/** What the host has other than it really has. */
let facts: Partial<HostFacts>;
let server: TestServer;

beforeEach(async () => {
  facts = {};
  installation = createInstallation({ settings: { pingMs: 20 } });
  server = await installation.start(undefined, undefined, (probe) => ({
    measure: async () => ({ ...(await probe.measure()), ...facts }),
  }));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** What keeps it from taking work, as soon as that is so. */
async function untilReady(isReady: boolean) {
  const { failed } = await until(
    async () => {
      const seen = await server.engine.whyNotReady();
      return (seen === null) === isReady ? { failed: seen } : null;
    },
    isReady ? 'a server that takes work' : 'a server that takes none',
  );
  return failed;
}

/** Somebody else who writes. To wait in the driver would keep the server's own transaction, in this very thread, from its end. */
async function lockDatabase(): Promise<InstanceType<typeof Database>> {
  const other = new Database(join(installation.dataDir, 'volary.db'), { timeout: 0 });
  const lock = () => {
    try {
      other.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return false;
      throw error;
    }
  };
  await until(lock, 'the lock of the database', { everyMs: 2 });
  return other;
}

describe('a server', () => {
  it('takes work when all is well, and says so of each part', async () => {
    expect(await server.engine.whyNotReady()).toBeNull();
    const details = {
      logs: expect.stringMatching(/^(no line yet|lines since \S+Z); 1 of 2048 MiB, 256 of one VM; kept for 168 h$/),
      metrics: '1 of 512 MiB; kept for 192 h at most',
      alerts: '0 fire; watched: cpu from 90 %, memory from 90 %, disk from 90 %, health',
    };
    expect(await server.engine.system.components(ADMIN)).toEqual([
      ...['server', 'disk', 'database', 'event_bus', 'driver.simulated', 'networks', 'rate_limiter'].map((name) => ({
        ...{ name, state: 'ok', why: null, detail: null },
      })),
      ...Object.entries(details).map(([name, detail]) => ({ name, state: 'ok', why: null, detail })),
      ...['loki', 'github', 'slack', 'discord'].map((name) => ({
        ...{ name, state: 'disabled', why: null, detail: null },
      })),
    ]);
  });

  it('takes none while its database is locked by somebody else, and does again afterwards', async () => {
    const other = await lockDatabase();

    const failed = await untilReady(false);
    const parts = await server.engine.system.components(ADMIN);
    other.exec('ROLLBACK');
    other.close();

    expect(failed).toMatchObject({
      name: 'database',
      state: 'failed',
      why: expect.stringMatching(/^The database .*\.$/),
    });
    expect(parts.find(({ name }) => name === 'database')).toMatchObject({ state: 'failed' });
    expect(parts.find(({ name }) => name === 'server')).toMatchObject({ state: 'ok' });
    expect(await untilReady(true)).toBeNull();
  });

  it('takes none while its disk is full', async () => {
    facts = { diskAvailableGib: 0 };
    expect(await untilReady(false)).toMatchObject({ name: 'disk', state: 'failed' });

    facts = {};
    expect(await untilReady(true)).toBeNull();
  });

  it('takes none when it is asked to stop', async () => {
    await server.stop();

    expect(await server.engine.whyNotReady()).toEqual({
      ...{ name: 'server', state: 'failed', why: 'The server is stopping.', detail: null },
    });
  });

  it('shows its parts to those who may see the system', async () => {
    const nobody = { ...ADMIN, rights: { all: new Set<never>(), own: new Set<never>() } };

    await expect(server.engine.system.components(nobody)).rejects.toMatchObject({
      details: { required_permission: 'system:read' },
    });
  });
});
