import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';

/* Templates with real guests: the guide, typed as it stands, and a manifest that brings its own disk. */

const CHECKOUT = dirname(VOLARY);
const GUIDE = readFileSync(join(CHECKOUT, 'docs/guide/templates.md'), 'utf8');
const blockOf = (language: string): readonly string[] =>
  [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);
const lines = blockOf('sh').flatMap((block) => block.trimEnd().split('\n'));

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  writeFileSync(join(here.directory, 'hello.yaml'), blockOf('yaml')[0] ?? '');
});
afterAll(async () => {
  // What a template brings lies in the cache, which others use after us.
  await here.volary(['rm', '--force', 'app', 'own-kernel', 'built']);
  for (const name of ['my-app', 'built']) await here.volary(['template', 'rm', name]);
  await here.remove();
});

describe('the guide', () => {
  it.each(lines)('%s', async (line) => {
    const [command = '', comment = ''] = line.split(/\s+# /);
    const env = { ...here.env, PATH: `${CHECKOUT}:${here.env['PATH'] ?? ''}` };
    const { code, stdout, stderr } = await runToEnd(['bash', '-c', command], { env, cwd: here.directory });

    if (comment.startsWith('refused')) return expect(stderr).toContain('web');
    expect(code, stderr).toBe(0);
    if (comment.startsWith('→ ')) expect(stdout).toContain(comment.slice(2));
  });
});

/** The server of the disk: it answers what its file says. */
const SERVER = `
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  my $request = <$client>;
  print $client "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nfrom its own disk\\n";
  close $client;
}
`;

async function must(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(argv, { env: here.env });
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Until the workload has come so far as to listen. */
const ASK = 'curl --silent --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1:8080/';

/** Where the files of `base` are. */
async function baseFolder(): Promise<string> {
  const { items } = JSON.parse(await here.must(['image', 'ls', '--json']));
  const base = `base-${String(items[0].current.digest).slice(0, 12)}`;
  return join(here.env['VOLARY_CACHE_DIR'] ?? '', 'images', base);
}

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A disk with the system of `base` and a server on it, as a qcow2 among the files that may be imported. Resolves with its path. */
async function makeDisk(): Promise<string> {
  await here.must(['image', 'build', 'base']);
  const [raw, script] = [join(here.directory, 'root.raw'), join(here.directory, 'server.pl')];
  writeFileSync(script, SERVER);
  await must('cp', '--sparse=always', join(await baseFolder(), 'root.raw'), raw);
  await must('/usr/sbin/debugfs', '-w', '-R', `write ${script} /srv/server.pl`, raw);
  mkdirSync(join(here.dataDir, 'imports'), { recursive: true });
  const disk = join(here.dataDir, 'imports', 'my-app-1.0.0.qcow2');
  await must('qemu-img', 'convert', '-O', 'qcow2', raw, disk);
  return disk;
}

/** A manifest as a plugin's author writes it, for a file on the server. */
function manifestFor(url: string, checksum: string, more: object = { version: '1.0.0' }): string {
  return JSON.stringify({
    name: 'my-app',
    description: 'My custom application',
    workload: { type: 'http', port: 8080, entrypoint: ['/usr/bin/perl', '/srv/server.pl'] },
    health_check: { path: '/', interval_ms: 1_000 },
    resources: { vcpu: 2, memory_mb: 512 },
    rootfs: { format: 'qcow2', url, checksum: `sha256:${checksum}` },
    ...more,
  });
}

describe('a template that brings its own disk', () => {
  it('is refused when a byte of the disk is another, of which nothing is kept, and installed when none is', async () => {
    const disk = await makeDisk();
    const bytes = readFileSync(disk);
    const manifest = manifestFor(disk, createHash('sha256').update(bytes).digest('hex'));
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
    writeFileSync(disk, changed);

    const refused = await here.volary(['template', 'create', '-'], { input: manifest });

    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('sha256');
    expect(await here.must(['template', 'ls', '-q'])).not.toContain('my-app');
    expect(await here.must(['image', 'ls', '--json'])).not.toContain('my-app@1.0.0');

    writeFileSync(disk, bytes);
    expect(await here.must(['template', 'create', '-'], { input: manifest })).toBe('my-app@1.0.0');
  });

  it('has its workload answer its health check, and on its port', async () => {
    await here.must(['create', 'app', '--template', 'my-app', '--wait-healthy']);
    const vm = JSON.parse(await here.must(['get', 'app', '--json']));
    const answer = await here.must(['exec', 'app', '--', 'sh', '-c', ASK]);

    expect(vm).toMatchObject({
      ...{ template: { name: 'my-app', version: '1.0.0' }, vcpus: 2, memory_mib: 512 },
      ...{ health: 'healthy', workload_status: { state: 'running' } },
    });
    expect(answer).toBe('from its own disk');
  });

  it('starts by the kernel and the initramfs that it names', async () => {
    const disk = join(here.dataDir, 'imports', 'my-app-1.0.0.qcow2');
    const from = await baseFolder();
    for (const file of ['kernel', 'initramfs']) await must('cp', join(from, file), join(here.dataDir, 'imports', file));
    const named = (file: string) => {
      const url = join(here.dataDir, 'imports', file);
      return { url: `file://${url}`, checksum: sha256Of(url) };
    };
    const more = { version: '1.1.0', kernel: named('kernel'), initramfs: named('initramfs') };
    await here.must(['template', 'create', '-'], { input: manifestFor(disk, sha256Of(disk), more) });

    await here.must(['create', 'own-kernel', '--template', 'my-app', '--wait-healthy']);
    const vm = JSON.parse(await here.must(['get', 'own-kernel', '--json']));

    expect(vm).toMatchObject({ template: { name: 'my-app', version: '1.1.0' }, health: 'healthy' });
    expect(await here.must(['exec', 'own-kernel', '--', 'findmnt', '-no', 'FSTYPE', '/'])).toBe('ext4');
  });
});

describe('a template that brings a recipe', () => {
  const recipe = {
    files: [{ path: '/etc/said', content: 'by a recipe\n' }],
    commands: ['cp /etc/said /etc/said-again'],
  };
  const manifest = (change: object) => JSON.stringify({ name: 'built', version: '1', image: { recipe: change } });

  it('is built when it is installed, and goes with its template', async () => {
    await here.must(['template', 'create', '-'], { input: manifest(recipe) });

    await here.must(['create', 'built', '--template', 'built']);
    expect(await here.must(['exec', 'built', '--', 'cat', '/etc/said-again'])).toBe('by a recipe');

    await here.must(['rm', '--force', 'built']);
    await here.must(['template', 'rm', 'built']);
    expect(await here.must(['image', 'ls', '--json'])).not.toContain('built@1');
  });
});
