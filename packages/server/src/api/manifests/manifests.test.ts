import { describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { AskedTemplate } from '../../engine/apis/template-api.ts';
import { parseYaml } from './parse-yaml.ts';
import { faultsOf, read } from './read-manifest.test-kit.ts';
import { readManifest } from './read-manifest.ts';

const HTTP = { type: 'http', port: 80 } as const;
const OK = { minimum: 200, maximum: 399 };
const workloadOf = ({ content }: AskedTemplate) => content.spec.workload;
const argvOf = (made: AskedTemplate) => workloadOf(made)?.argv;
const placeOf = (made: AskedTemplate) => [workloadOf(made)?.port, workloadOf(made)?.basePath];
const checkOf = ({ content }: AskedTemplate) => content.spec.healthCheck;
const SHA = 'ab'.repeat(32);
const ROOT = { url: '/r', checksum: SHA };
const FILE = { url: '/k', checksum: SHA };
const FACTS = {
  ...{ kind: 'disk', description: '', format: 'raw', isLocalAllowed: false },
  source: { location: '/r', sha256: SHA },
};
const DISK = { ...FACTS, boot: 'direct', kernel: null, initramfs: null };
const FIRMWARE = { ...FACTS, boot: 'firmware', firmware: 'bios' };
const SEED = { userData: null, metaData: null, networkConfig: null };
const diskOf = ({ content }: AskedTemplate) => content.image;
const rootOf = ({ content }: AskedTemplate) => (content.image?.kind === 'disk' ? content.image.source : null);
const seedOf = ({ content }: AskedTemplate) => content.spec.cloudInit;
const probeOf = (made: AskedTemplate) => checkOf(made)?.probe;

/* Each field of a manifest by its name: what comes of it. */
type Effect = readonly [string, object, (made: AskedTemplate) => unknown, unknown];
const EFFECTS: readonly Effect[] = [
  ['$schema', { $schema: 'https://example.com/manifest.json' }, ({ name }) => name, 'web'],
  ['schema_version', { schema_version: '1.0' }, ({ name }) => name, 'web'],
  ['name', { name: 'api' }, ({ name }) => name, 'api'],
  ['version', { version: '2.0.0-rc.1' }, ({ version }) => version, '2.0.0-rc.1'],
  ['description', { description: 'Serves' }, ({ description }) => description, 'Serves'],
  ['runtime', { runtime: 'nginx' }, ({ content }) => content.labels, { runtime: 'nginx' }],
  ['enabled', { enabled: false }, ({ isEnabled }) => isEnabled, false],
  ['image', { image: 'base' }, ({ content }) => content.spec, { image: 'base' }],
  [
    'image.recipe',
    { description: 'Sites', image: { recipe: { packages: ['jq'], files: [{ path: '/etc/motd', content: 'hi' }] } } },
    ({ content }) => [content.spec.image, content.image],
    [
      undefined,
      {
        ...{ kind: 'recipe', description: 'Sites', packages: ['jq'], commands: [], rootGib: 1 },
        files: [{ path: '/etc/motd', content: 'hi', mode: 0o644, owner: 'root:root' }],
      },
    ],
  ],
  ['resources.vcpus', { resources: { vcpus: 4 } }, ({ content }) => content.spec, { vcpuCount: 4 }],
  ['resources.vcpu', { resources: { vcpu: 4 } }, ({ content }) => content.spec, { vcpuCount: 4 }],
  ['resources.cpu_cores', { resources: { cpu_cores: 4 } }, ({ content }) => content.spec, { vcpuCount: 4 }],
  ['resources.memory_mib', { resources: { memory_mib: 512 } }, ({ content }) => content.spec, { memoryMib: 512 }],
  ['resources.memory_mb', { resources: { memory_mb: 512 } }, ({ content }) => content.spec, { memoryMib: 512 }],
  ['resources.disk_gib', { resources: { disk_gib: 3 } }, ({ content }) => content.spec, { diskGib: 3 }],
  ['resources.disk_gb', { resources: { disk_gb: 3 } }, ({ content }) => content.spec, { diskGib: 3 }],
  ['network.mode', { network: { mode: 'none' } }, ({ content }) => content.spec.network?.mode, 'none'],
  ['network.mode: vsock', { network: { mode: 'vsock' } }, ({ content }) => content.spec.network?.mode, 'none'],
  ...['bridge', 'bridged', 'dhcp'].map(
    (mode): Effect => [
      `network.mode: ${mode}`,
      { network: { mode, auto_assign: true } },
      ({ content }) => content.spec.network,
      { mode: 'bridge', name: 'default', subnet: null, egress: 'allow', allow: [], securityGroups: [] },
    ],
  ),
  [
    'network.name',
    { network: { mode: 'bridge', name: 'blue', egress: 'deny' } },
    ({ content }) => content.spec.network,
    { mode: 'bridge', name: 'blue', subnet: null, egress: 'deny', allow: [], securityGroups: [] },
  ],
  [
    'network.egress',
    { network: { mode: 'user', egress: 'deny' } },
    ({ content }) => content.spec.network?.egress,
    'deny',
  ],
  ['environment', { environment: { A: 'b' } }, ({ content }) => content.spec.environment, { A: 'b' }],
  ['workload.command', { workload: { ...HTTP, command: 'x' } }, argvOf, ['/bin/sh', '-c', 'x']],
  ['workload.entrypoint', { workload: { ...HTTP, entrypoint: ['x'] } }, argvOf, ['x']],
  ['workload.args', { workload: { ...HTTP, entrypoint: ['x'], args: ['y'] } }, argvOf, ['x', 'y']],
  ['workload.type', { workload: { type: 'batch', command: 'x' } }, (made) => workloadOf(made)?.type, 'batch'],
  ['workload.port', { workload: HTTP }, (made) => workloadOf(made)?.port, 80],
  ['workload.base_url', { workload: { type: 'http', base_url: 'http://127.0.0.1:81/a' } }, placeOf, [81, '/a']],
  ['workload.env', { workload: { ...HTTP, env: { A: 'b' } } }, (made) => workloadOf(made)?.environment, { A: 'b' }],
  [
    'workload.environment',
    { workload: { ...HTTP, environment: { A: 'b' } } },
    (made) => workloadOf(made)?.environment,
    { A: 'b' },
  ],
  [
    'workload.workdir',
    { workload: { ...HTTP, workdir: '/srv' } },
    (made) => workloadOf(made)?.workingDirectory,
    '/srv',
  ],
  [
    'workload.working_dir',
    { workload: { ...HTTP, working_dir: '/srv' } },
    (made) => workloadOf(made)?.workingDirectory,
    '/srv',
  ],
  ['workload.user', { workload: { ...HTTP, user: 'www' } }, (made) => workloadOf(made)?.user, 'www'],
  ['workload.restart', { workload: { ...HTTP, restart: 'never' } }, (made) => workloadOf(made)?.restart, 'never'],
  [
    'workload.restart_delay_ms',
    { workload: { ...HTTP, restart_delay_ms: 200 } },
    (made) => workloadOf(made)?.restartDelayMs,
    200,
  ],
  [
    'workload.restart_max_delay_ms',
    { workload: { ...HTTP, restart_max_delay_ms: 900 } },
    (made) => workloadOf(made)?.longestRestartDelayMs,
    900,
  ],
  ['health_check.type', { health_check: { type: 'tcp', port: 5 } }, probeOf, { type: 'tcp', port: 5 }],
  [
    'health_check.path',
    { workload: HTTP, health_check: { path: '/ok' } },
    probeOf,
    { type: 'http', port: 80, path: '/ok', statuses: OK },
  ],
  [
    'health_check.endpoint',
    { workload: HTTP, health_check: { endpoint: '/ok' } },
    probeOf,
    { type: 'http', port: 80, path: '/ok', statuses: OK },
  ],
  [
    'health_check.endpoint: URL',
    { health_check: { endpoint: 'http://localhost:8/ok?a' } },
    probeOf,
    { type: 'http', port: 8, path: '/ok?a', statuses: OK },
  ],
  [
    'health_check.expected_status',
    { health_check: { port: 8, expected_status: 204 } },
    probeOf,
    { type: 'http', port: 8, path: '/', statuses: { minimum: 204, maximum: 204 } },
  ],
  [
    'health_check.command',
    { health_check: { type: 'exec', command: 'x' } },
    probeOf,
    { type: 'exec', argv: ['/bin/sh', '-c', 'x'] },
  ],
  ['health_check.argv', { health_check: { type: 'exec', argv: ['x'] } }, probeOf, { type: 'exec', argv: ['x'] }],
  [
    'health_check.interval_ms',
    { health_check: { port: 8, interval_ms: 900 } },
    (made) => checkOf(made)?.intervalMs,
    900,
  ],
  ['health_check.timeout_ms', { health_check: { port: 8, timeout_ms: 900 } }, (made) => checkOf(made)?.timeoutMs, 900],
  [
    'health_check.start_period_ms',
    { health_check: { port: 8, start_period_ms: 9 } },
    (made) => checkOf(made)?.startPeriodMs,
    9,
  ],
  [
    'health_check.healthy_threshold',
    { health_check: { port: 8, healthy_threshold: 2 } },
    (made) => checkOf(made)?.healthyThreshold,
    2,
  ],
  [
    'health_check.unhealthy_threshold',
    { health_check: { port: 8, unhealthy_threshold: 2 } },
    (made) => checkOf(made)?.unhealthyThreshold,
    2,
  ],
  ['health_check.retries', { health_check: { port: 8, retries: 2 } }, (made) => checkOf(made)?.unhealthyThreshold, 2],
  [
    'openapi',
    { openapi: '/openapi.json' },
    ({ content }) => content.spec.openapi,
    { kind: 'path', path: '/openapi.json' },
  ],
  [
    'actions',
    { actions: { reload: { method: 'POST', path: '/r' } } },
    ({ content }) => content.spec.actions,
    { reload: { description: '', method: 'POST', path: '/r', timeoutMs: 30_000 } },
  ],
  [
    'rootfs.url',
    { rootfs: { ...ROOT, url: 'https://example.com/r' } },
    rootOf,
    { location: 'https://example.com/r', sha256: SHA },
  ],
  ['rootfs.url: file', { rootfs: { ...ROOT, url: 'file:///srv/r' } }, rootOf, { location: '/srv/r', sha256: SHA }],
  [
    'rootfs.checksum',
    { rootfs: { ...ROOT, checksum: `sha256:${SHA.toUpperCase()}` } },
    rootOf,
    { location: '/r', sha256: SHA },
  ],
  ['rootfs.format', { rootfs: { ...ROOT, format: 'qcow2' } }, diskOf, { ...DISK, format: 'qcow2' }],
  ['rootfs.format: ext4', { rootfs: { ...ROOT, format: 'ext4' } }, diskOf, DISK],
  ['rootfs.boot', { rootfs: { ...ROOT, boot: 'firmware' } }, diskOf, FIRMWARE],
  [
    'rootfs.firmware',
    { rootfs: { ...ROOT, boot: 'firmware', firmware: 'uefi' } },
    diskOf,
    { ...FIRMWARE, firmware: 'uefi' },
  ],
  ['kernel', { rootfs: ROOT, kernel: FILE }, diskOf, { ...DISK, kernel: { location: '/k', sha256: SHA } }],
  [
    'initramfs',
    { rootfs: ROOT, kernel: FILE, initramfs: FILE },
    diskOf,
    { ...DISK, kernel: { location: '/k', sha256: SHA }, initramfs: { location: '/k', sha256: SHA } },
  ],
  ['cloud_init.user_data', { cloud_init: { user_data: '#!/bin/sh' } }, seedOf, { ...SEED, userData: '#!/bin/sh' }],
  [
    'cloud_init.user_data.content',
    { cloud_init: { datasource: 'NoCloud', seed_mode: 'vfat', user_data: { inline: true, content: '#!/bin/sh' } } },
    seedOf,
    { ...SEED, userData: '#!/bin/sh' },
  ],
  ['cloud_init.meta_data', { cloud_init: { meta_data: 'a: b' } }, seedOf, { ...SEED, metaData: 'a: b' }],
  [
    'cloud_init.network_config',
    { cloud_init: { network_config: 'version: 2' } },
    seedOf,
    { ...SEED, networkConfig: 'version: 2' },
  ],
  ['tools', { tools: ['nodejs@20', 'git'] }, ({ content }) => content.tools, ['nodejs@20', 'git']],
  ['labels', { labels: { team: 'blue' } }, ({ content }) => content.labels, { team: 'blue' }],
  ['devices', { devices: { pci_passthrough: [], allowlist: [] } }, ({ content }) => content.spec, {}],
];

/* Each that is refused, by its path. */
const REFUSED: readonly (readonly [string, object])[] = [
  ['network.mode', { network: { mode: 'wifi' } }],
  ['network.name', { network: { mode: 'user', name: 'blue' } }],
  ['network.egress', { network: { mode: 'none', egress: 'allow' } }],
  ['network.auto_assign', { network: { mode: 'bridge', auto_assign: false } }],
  ['network.bridge_name', { network: { mode: 'user', bridge_name: 'br0' } }],
  ['network.subnet', { network: { mode: 'user', subnet: '10.0.0.0/24' } }],
  ['network.gateway', { network: { mode: 'user', gateway: '10.0.0.1' } }],
  ['network.auto_assign', { network: { mode: 'user', auto_assign: true } }],
  ['devices.pci_passthrough', { devices: { pci_passthrough: ['0000:01:00.0'] } }],
  ['devices.allowlist', { devices: { allowlist: ['10de:*'] } }],
  ['resources.vcpu', { resources: { vcpus: 1, vcpu: 1 } }],
  ['resources.memory_mb', { resources: { memory_mib: 256, memory_mb: 256 } }],
  ['resources.disk_gb', { resources: { disk_gib: 8, disk_gb: 8 } }],
  ['resources.vcpus', { resources: { vcpus: 65 } }],
  ['resources.gpus', { resources: { gpus: 1 } }],
  ['schema_version', { schema_version: '2' }],
  ['name', { name: 'No Name' }],
  ['version', { version: 'a b' }],
  ['enabled', { enabled: 'yes' }],
  ['labels.team', { labels: { team: 1 } }],
  ['environment', { environment: { 1: 'x' } }],
  ['workload.type', { workload: { type: 'magic' } }],
  ['workload.port', { workload: { type: 'http', port: 0 } }],
  ['workload.env', { workload: { ...HTTP, environment: {}, env: {} } }],
  ['workload.workdir', { workload: { ...HTTP, working_dir: '/', workdir: '/' } }],
  ['workload.magic', { workload: { ...HTTP, magic: 1 } }],
  ['health_check.type', { health_check: { type: 'udp' } }],
  ['health_check.endpoint', { health_check: { port: 1, path: '/', endpoint: '/' } }],
  ['health_check.endpoint', { health_check: { endpoint: 'http://example.com/' } }],
  ['health_check.retries', { health_check: { port: 1, unhealthy_threshold: 3, retries: 3 } }],
  ['openapi', { openapi: 'ftp://x' }],
  ['actions.reload.method', { actions: { reload: { method: 'TRACE', path: '/' } } }],
  ['rootfs', { image: 'base', rootfs: ROOT }],
  ['rootfs', { image: { recipe: {} }, rootfs: ROOT }],
  ['kernel', { image: { recipe: {} }, kernel: FILE }],
  ['image.recipe', { image: {} }],
  ['image', { image: 7 }],
  ['image.magic', { image: { recipe: {}, magic: 1 } }],
  ['image.recipe.packages[0]', { image: { recipe: { packages: ['--help'] } } }],
  ['image.recipe.root_gib', { image: { recipe: { root_gib: 65 } } }],
  ['rootfs.checksum', { rootfs: { ...ROOT, checksum: 'sha256:abc123...' } }],
  ['rootfs.checksum', { rootfs: { url: '/r' } }],
  ['rootfs.url', { rootfs: { ...ROOT, url: 'ftp://example.com/r' } }],
  ['rootfs.url', { rootfs: { ...ROOT, url: '/srv/../r' } }],
  ['rootfs.url', { rootfs: { ...ROOT, url: 'https://ann:secret@example.com/r' } }],
  ['kernel.url', { rootfs: ROOT, kernel: { ...FILE, url: 'https://example.com:0/k' } }],
  ['initramfs.url', { rootfs: ROOT, kernel: FILE, initramfs: { ...FILE, url: 'file:///a/../k' } }],
  ['rootfs.format', { rootfs: { ...ROOT, format: 'vmdk' } }],
  ['rootfs.firmware', { rootfs: { ...ROOT, firmware: 'uefi' } }],
  ['kernel', { kernel: FILE }],
  ['kernel', { rootfs: { ...ROOT, boot: 'firmware' }, kernel: FILE }],
  ['initramfs', { initramfs: FILE }],
  ['initramfs', { rootfs: ROOT, initramfs: FILE }],
  ['cloud_init.user_data.path', { cloud_init: { user_data: { path: '/x' } } }],
  ['cloud_init.datasource', { cloud_init: { datasource: 'EC2' } }],
  ['tools[1]', { tools: ['git', '@20'] }],
  ['labels.runtime', { runtime: 'nginx', labels: { runtime: 'php' } }],
  ['health_check.endpoint', { health_check: { endpoint: 'http://localhost:0/' } }],
  ['health_check.endpoint', { health_check: { endpoint: 'https://localhost/' } }],
  ['magic', { magic: true }],
];

describe('a manifest', () => {
  it.each(EFFECTS)('has its %s take effect', async (_, fields, find, expected) => {
    expect(find(await read(fields))).toEqual(expected);
  });

  it.each(REFUSED)('is refused by the path %s (%o)', async (path, fields) => {
    expect(Object.keys(await faultsOf(fields))).toEqual([path]);
  });

  it('is refused by the path of what no recipe can have', async () => {
    const files = [{ path: '/etc/../shadow', content: '' }];

    const refused = read({ image: { recipe: { files } } });

    await expect(refused).rejects.toMatchObject({
      ...{ code: 'invalid_argument', reason: 'image.invalid_definition' },
      details: { field: 'image.recipe.files[0].path' },
    });
  });

  it('is told all that is wrong with it at once, and why', async () => {
    const faults = await faultsOf({
      version: '',
      resources: { vcpu: 0, memory_mib: '1', disk: 1 },
      network: { mode: 'wifi' },
      magic: true,
    });

    expect(Object.keys(faults).sort()).toEqual([
      ...['magic', 'network.mode', 'resources.disk', 'resources.memory_mib', 'resources.vcpu', 'version'],
    ]);
    expect(faults['network.mode']).toContain('is not known');
  });

  it('leaves to its VMs what it says nothing of', async () => {
    expect((await read({})).content).toEqual({ spec: {}, image: null, tools: [], labels: {} });
    for (const value of [null, [], 'web', 1, {}]) await expect(readManifest(value)).rejects.toThrow(VolaryError);
  });
});

describe('YAML', () => {
  it('is read as what JSON would say', async () => {
    const text = 'name: web\nversion: "1.0"\nlabels: &all {team: blue}\nother: *all\n# nothing\n';

    expect(await parseYaml(text)).toEqual({
      ...{ name: 'web', version: '1.0' },
      ...{ labels: { team: 'blue' }, other: { team: 'blue' } },
    });
    expect(await parseYaml('')).toBeNull();
  });

  it.each([
    ['broken', 'name: [web\nversion: 1', 'line 2'],
    ['with a key twice', 'name: a\nname: b\n', 'unique at line 2, column 1'],
    ['with a key twice, in other words', 'a: {1: x, "1": y}\n', 'unique'],
    ['with a key that is a list', '? [a, b]\n: c\n', 'neither a text nor a number at line 1'],
    ['with more keys than anybody writes', `k: v\n`.repeat(10_000), 'far more parts'],
    ['of nothing but faults', '}'.repeat(250_000), 'far more parts'],
    ['of two documents', 'name: a\n---\nname: b\n', ''],
    ['with what is no number', 'vcpus: .inf\n', 'finite'],
    ['of tags that make something', 'name: !!js/function "x"\n', 'tag'],
    ['deep', `a: ${'['.repeat(20_000)}`, ''],
  ])('that is %s is refused, and it says why', async (_, text, why) => {
    const refused = parseYaml(text);

    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', reason: 'request.malformed_yaml' });
    await expect(refused).rejects.toThrow(why);
  });

  it('that would grow without end is not worked out', async () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i++) {
      const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
      lines.push(`${name}: &${name} [${`*${before},`.repeat(9)}]`);
    }

    await expect(parseYaml(lines.join('\n'))).rejects.toThrow('too many aliases');
  });
});
