import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINE_DEFAULTS } from '../engine/deps.ts';
import { readConfig } from './config.ts';
import { parseListen, toUrl } from './listen.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-config-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function file(text: string): string {
  const path = join(dir, 'volary.yaml');
  writeFileSync(path, text);
  return path;
}

describe('the configuration', () => {
  it('has defaults for everything', async () => {
    expect(await readConfig([], { HOME: '/home/ann' })).toEqual({
      dataDir: '/home/ann/.local/share/volary',
      database: 'volary.db',
      cacheDir: '/home/ann/.cache/volary',
      listen: { host: '127.0.0.1', port: 7070 },
      dialects: [],
      devAuth: false,
      driver: 'qemu',
      dockerSocket: '/var/run/docker.sock',
      tracing: null,
      simulatedHost: null,
      adminKey: null,
      secretsKey: null,
      sessions: { sessionMs: 30 * 86_400_000, idleMs: 7 * 86_400_000, keyAgeMs: 30 * 86_400_000 },
      logLevel: 'info',
      faultPoint: null,
      retention: {
        ...{ eventMs: 604_800_000, eventCount: 1_000_000, finishedMs: 604_800_000, auditMs: 31_536_000_000 },
        ...{ logMs: 604_800_000, logBytesPerVm: 268_435_456, logBytes: 2_147_483_648 },
      },
      quota: {},
      alerts: ENGINE_DEFAULTS.alerts,
      workspaces: { provider: null, maxTtlSeconds: null, idleSuspendSeconds: 1_800 },
      volant: { auth: 'loopback-open' },
      integrations: { github: null, slack: null, discord: null },
      allowedOrigins: [],
      tls: null,
      trustedProxies: [],
      proxyHeader: 'x-forwarded-for',
      rateLimits: {
        v1: { perMinute: 6_000, burst: 200 },
        aetherium: { perMinute: 100, burst: 20 },
        novacron: { perMinute: 100, burst: 0, perSecond: 20 },
        volant: null,
        'vm-api': null,
      },
      redisUrl: null,
      loki: null,
      novacron: { region: 'local', supportUrl: '/docs/errors#internal' },
      limits: {
        ...{ connections: 16_384, addressConnections: 1_024, streams: 8_192, callerStreams: 4_096 },
        ...{ jsonBytes: 2 ** 20, headerBytes: 2 ** 14, uploadBytes: 2 ** 36, messageBytes: 2 ** 14 },
        ...{ headerMs: 15_000, bodyMs: 60_000, keepAliveMs: 72_000 },
      },
      warm: { isEnabled: true, maxBytes: 4 * 1024 ** 3, poolMemoryMib: 1_024, poolCount: 8 },
      webhookAllowedTargets: { ranges: [], places: [] },
      networkUplink: 'host',
      downloadAllowedTargets: { ranges: [], places: [] },
      npmRegistry: 'https://registry.npmjs.org',
      imports: { folders: ['/home/ann/.local/share/volary/imports'], maxBytes: 64 * 1024 ** 3 },
      webhookRetries: {
        ...{ firstRetryMs: 10_000, longestRetryMs: 3_600_000, giveUpAfterMs: 86_400_000, maxTries: 60 },
        ...{ disableAfterMs: 259_200_000, disableAfterTries: 20 },
      },
    });
  });

  it('takes the command line before the environment before the file', async () => {
    const path = file('listen: ":1"\ndata_dir: /from/file\ndriver: simulated\n');
    const config = await readConfig(['--config', path, '--listen', ':3'], {
      VOLARY_LISTEN: ':2',
      VOLARY_DATA_DIR: '/from/env',
    });

    expect(config).toMatchObject({ listen: { port: 3 }, dataDir: '/from/env', driver: 'simulated' });
  });

  it('takes bounds of what is kept, and origins, as numbers and lists', async () => {
    const path = file(
      'event_retention_hours: 2\nevent_max_count: 50\naudit_retention_days: 10\nlog_retention_hours: 1\nlog_max_mib: 10\nlog_max_mib_per_vm: 1\nquotas: { vms: 10, memory_mib: 8192, executions: 0 }\nallowed_origins: https://a.org, http://b.org:8080\n',
    );
    const config = await readConfig(['--config', path], { VOLARY_FINISHED_RETENTION_HOURS: '1' });

    expect(config.retention).toEqual({
      eventMs: 7_200_000,
      eventCount: 50,
      finishedMs: 3_600_000,
      auditMs: 864_000_000,
      logMs: 3_600_000,
      logBytesPerVm: 1_048_576,
      logBytes: 10_485_760,
    });
    expect(config.quota).toEqual({ vms: 10, memoryMib: 8_192, executions: 0 });
    expect(config.allowedOrigins).toEqual(['https://a.org', 'http://b.org:8080']);
  });

  it('says where webhooks may lead, by a flag, a variable or the file', async () => {
    const list = '10.0.0.0/8, hooks.lan:8443';
    const expected = {
      webhookAllowedTargets: {
        ranges: [{ version: 4, bits: 0x0a00_0000n, prefixLength: 8 }],
        places: ['hooks.lan:8443'],
      },
    };

    expect(await readConfig(['--webhook-allowed-targets', list], {})).toMatchObject(expected);
    expect(await readConfig([], { VOLARY_WEBHOOK_ALLOWED_TARGETS: list })).toMatchObject(expected);
    const path = file(`webhook_allowed_targets: ${list}\n`);
    expect(await readConfig(['--config', path], {})).toMatchObject(expected);
  });

  it('has the defaults of the engine', async () => {
    const { retention, webhookRetries, rateLimits, sessions } = await readConfig([], {});

    expect(ENGINE_DEFAULTS.limits).toMatchObject(retention);
    expect(ENGINE_DEFAULTS.sessions).toMatchObject(sessions);
    expect(ENGINE_DEFAULTS.webhooks).toMatchObject(webhookRetries);
    expect(ENGINE_DEFAULTS.rateLimits).toEqual(rateLimits);
  });

  it('says how often webhooks are tried, and for how long', async () => {
    const path = file('webhook_first_retry_seconds: 1\nwebhook_give_up_hours: 2\nwebhook_disable_after_tries: 3\n');
    const env = { VOLARY_WEBHOOK_LONGEST_RETRY_SECONDS: '60', VOLARY_WEBHOOK_MAX_TRIES: '5' };
    const config = await readConfig(['--config', path], { ...env, VOLARY_WEBHOOK_DISABLE_AFTER_HOURS: '1' });

    expect(config.webhookRetries).toEqual({
      ...{ firstRetryMs: 1_000, longestRetryMs: 60_000, giveUpAfterMs: 7_200_000, maxTries: 5 },
      ...{ disableAfterMs: 3_600_000, disableAfterTries: 3 },
    });
  });

  it('reads how workspaces are made', async () => {
    const path = file('workspaces: { provider: docker, max_ttl_seconds: 86400, idle_suspend_seconds: 0 }');

    expect((await readConfig(['--config', path], {})).workspaces).toEqual({
      provider: 'docker',
      maxTtlSeconds: 86_400,
      idleSuspendSeconds: 0,
    });
  });

  it('reads whether Volant takes whoever is on this machine', async () => {
    expect((await readConfig(['--config', file('volant: { auth: required }')], {})).volant).toEqual({
      auth: 'required',
    });
  });

  it('expands variables in the file', async () => {
    expect((await readConfig(['--config', file('data_dir: ${BASE}/data')], { BASE: '/srv' })).dataDir).toBe(
      '/srv/data',
    );
  });

  it.each([
    [['--nonsense'], {}, 'nonsense'],
    [['--driver', 'xen'], {}, 'driver'],
    [['--listen', 'somewhere'], {}, 'HOST:PORT'],
    [['--listen', 'gopher=:8081'], {}, 'vm-api'],
    [['--database', '../other.db'], {}, 'such as volary.db'],
    [['--listen', 'vm-api='], {}, 'HOST:PORT'],
    [['--listen', ':1', '--listen', ':2'], {}, 'one has all faces'],
    [['extra'], {}, 'extra'],
    [[], { VOLARY_ADMIN_KEY: 'short' }, 'VOLARY_ADMIN_KEY'],
    [[], { VOLARY_LOG_LEVEL: 'loud' }, 'log'],
    [[], { VOLARY_WARM_TEMPLATES: 'maybe' }, 'warm_templates'],
    [[], { VOLARY_WARM_TEMPLATES_GIB: '0' }, 'warm_templates_gib'],
    [[], { VOLARY_WARM_POOL_MEMORY_MIB: '-1' }, 'warm_pool_memory_mib'],
    [[], { VOLARY_WARM_POOL_COUNT: '1e3' }, 'warm_pool_count'],
    [[], { VOLARY_EVENT_MAX_COUNT: '0' }, 'event_max_count'],
    [[], { VOLARY_SESSION_DAYS: '0' }, 'session_days'],
    [[], { VOLARY_SESSION_IDLE_DAYS: 'x' }, 'session_idle_days'],
    [[], { VOLARY_SIGNING_KEY_DAYS: '999' }, 'signing_key_days'],
    [[], { VOLARY_EVENT_RETENTION_HOURS: '1.5' }, 'event_retention_hours'],
    [[], { VOLARY_AUDIT_RETENTION_DAYS: '0' }, 'audit_retention_days'],
    [[], { VOLARY_QUOTAS: 'birds: 3' }, 'quotas'],
    [[], { VOLARY_QUOTAS: 'vms: many' }, 'quotas.vms'],
    [[], { VOLARY_WORKSPACES: 'birds: 3' }, 'workspaces'],
    [[], { VOLARY_WORKSPACES: 'provider: simulated' }, 'workspaces.provider'],
    [[], { VOLARY_WORKSPACES: 'provider: docker', VOLARY_DOCKER_SOCKET: 'off' }, 'workspaces.provider'],
    [[], { VOLARY_WORKSPACES: 'max_ttl_seconds: 0' }, 'workspaces.max_ttl_seconds'],
    [[], { VOLARY_WORKSPACES: 'idle_suspend_seconds: 9' }, 'workspaces.idle_suspend_seconds'],
    [[], { VOLARY_VOLANT: 'auth: none' }, 'volant.auth'],
    [[], { VOLARY_VOLANT: 'keys: on' }, 'volant'],
    [[], { VOLARY_WEBHOOK_MAX_TRIES: 'many' }, 'webhook_max_tries'],
    [[], { VOLARY_WEBHOOK_LONGEST_RETRY_SECONDS: '5' }, 'webhook_longest_retry_seconds'],
    [[], { VOLARY_ALLOWED_ORIGINS: 'https://a.org/path' }, 'allowed_origins'],
    [[], { VOLARY_DOWNLOAD_ALLOWED_TARGETS: 'mirror.lan' }, '"mirror.lan"'],
    [[], { VOLARY_NETWORK_UPLINK: 'eth0' }, '"eth0"'],
    [[], { VOLARY_IMAGE_MAX_GIB: '0' }, 'image_max_gib'],
    [[], { VOLARY_WEBHOOK_ALLOWED_TARGETS: '10.0.0.0/8, hooks.lan' }, '"hooks.lan"'],
  ])('refuses %j with %j in a sentence', async (argv, env, word) => {
    await expect(readConfig(argv, env)).rejects.toThrow(word);
  });

  it.each([
    ['unknown: 1', 'no setting unknown'],
    ['- 1', 'by name'],
    ['data_dir: {}', 'data_dir must be a text'],
    ['data_dir: ${NOT_SET}', 'NOT_SET'],
    ['a: [', 'cannot be read'],
  ])('refuses the file %j', async (text, words) => {
    await expect(readConfig(['--config', file(text)], {})).rejects.toThrow(words);
  });

  it('says which file is not there', async () => {
    await expect(readConfig(['--config', '/nowhere/volary.yaml'], {})).rejects.toThrow('/nowhere/volary.yaml');
  });
});

describe('a dialect', () => {
  const dialects = [{ dialect: 'vm-api', address: { host: '127.0.0.1', port: 3000 } }];

  it('has a listener of its own, beside that of all faces', async () => {
    expect(await readConfig(['--listen', 'vm-api=:3000'], {})).toMatchObject({ listen: { port: 7070 }, dialects });
    expect(await readConfig(['--listen', 'vm-api=:3000', '--listen', ':7'], {})).toMatchObject({
      listen: { port: 7 },
      dialects,
    });
    expect(await readConfig([], { VOLARY_LISTEN: ':7,vm-api=:3000' })).toMatchObject({ listen: { port: 7 }, dialects });
    const path = file('listen: ["127.0.0.1:7", "vm-api=:3000"]\ndev_auth: true\n');
    expect(await readConfig(['--config', path], {})).toMatchObject({ listen: { port: 7 }, dialects, devAuth: true });
  });

  it('is not reached by others without TLS either', async () => {
    const refused = { reason: 'config.insecure_listen' };

    await expect(readConfig(['--listen', 'vm-api=0.0.0.0:3000'], {})).rejects.toMatchObject(refused);
  });
});

describe('an address to listen on', () => {
  it.each([
    [':7070', { host: '127.0.0.1', port: 7070 }, 'http://127.0.0.1:7070'],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }, 'http://127.0.0.1:80'],
    ['[::1]:80', { host: '::1', port: 80 }, 'http://[::1]:80'],
    ['box.local:1', { host: 'box.local', port: 1 }, 'http://box.local:1'],
  ])('%s', (text, address, url) => {
    expect(parseListen(text)).toEqual(address);
    expect(toUrl(address)).toBe(url);
  });

  it.each(['', '80', ':', ':65536', 'a:b', '::1:80', ':-1'])('is not %j', (text) => {
    expect(() => parseListen(text)).toThrow('HOST:PORT');
  });
});
