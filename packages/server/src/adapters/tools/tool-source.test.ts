import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAllowedTargets } from '../../domain/net/target.ts';
import type { ToolSource } from '../../ports/tool-source.ts';
import { createFetcher } from '../shared/fetch/fetcher.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { parseCatalogue } from './catalogue.ts';
import { createToolSource } from './tool-source.ts';

const HOUR_MS = 3_600_000;
const quietly = { signal: new AbortController().signal, onProgress: () => undefined };

let directory = '';
let server: Server;
/** What the local site has, by path. */
let files: Map<string, Buffer>;
/** Paths that were asked for. */
let asked: string[];
let nowMs: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-tools-'));
  [files, asked, nowMs] = [new Map(), [], 1_800_000_000_000];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const found = files.get(request.url ?? '');
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': found.length }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

function origin(): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

/** An archive of a tool whose command says its version. */
function archive(version: string, top: string): Buffer {
  const root = join(directory, `make-${top}-${version}`);
  mkdirSync(join(root, top, 'bin'), { recursive: true });
  writeFileSync(join(root, top, 'bin', 'tool'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  execFileSync('tar', ['--mtime=@0', '-czf', join(root, 'it.tgz'), '-C', root, top]);
  return readFileSync(join(root, 'it.tgz'));
}

function publish(...versions: readonly string[]): void {
  const described = versions.map((version) => {
    const bytes = archive(version, 'package');
    files.set(`/tool-${version}.tgz`, bytes);
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    return [version, { dist: { tarball: `${origin()}/tool-${version}.tgz`, integrity } }];
  });
  files.set('/tool-x64', Buffer.from(JSON.stringify({ versions: Object.fromEntries(described) })));
}

const NPM = `sources: [{name: npm, kind: npm, package: tool-x64, bin: {tool: bin/tool, again: {run: ["{home}/bin/tool"], env: {A: "it's"}}}}]`;

function makeSource(sources = NPM): ToolSource {
  const catalogue = parseCatalogue(`tools: {tool: {description: d, aliases: [t], ${sources}}}`, 'tools.yaml');
  const fetcher = createFetcher({ allowedTargets: parseAllowedTargets('127.0.0.0/8'), version: '1', retryMs: 1 });
  const log = createPinoLog({ level: 'error' });
  return createToolSource({ catalogue, cacheDir: directory, fetcher, registry: origin(), log, now: () => nowMs });
}

async function build(source: ToolSource, range: string | null) {
  const tool = await source.resolve({ name: 'tool', range }, quietly);
  return await source.ensure(tool, quietly);
}

/** What is below the packs' directory, besides what is kept of versions. */
function left(): readonly string[] {
  return readdirSync(join(directory, 'tools')).filter(
    (name) => !name.startsWith('.state') && !name.startsWith('.lock'),
  );
}

test('a version of npm is built once, and has its commands where guests look for them', async () => {
  publish('1.0.0', '1.2.0', '2.0.0');
  const source = makeSource();

  const pack = await build(source, '1');
  const again = await build(source, '^1.1');

  expect(pack).toMatchObject({ name: 'tool', version: '1.2.0' });
  expect(again).toEqual(pack);
  expect(asked.filter((path) => path.endsWith('.tgz'))).toEqual(['/tool-1.2.0.tgz']);
  expect(createHash('sha256').update(readFileSync(pack.path)).digest('hex')).toBe(pack.digest);
  const out = join(directory, 'out');
  execFileSync('unsquashfs', ['-quiet', '-no-progress', '-dest', out, pack.path]);
  expect(execFileSync(join(out, 'bin', 'tool')).toString()).toBe('1.2.0\n');
  expect(readFileSync(join(out, 'bin', 'again'), 'utf8')).toBe(
    `#!/bin/sh\nexport A='it'\\''s'\nexec '/opt/volary/tools/tool/bin/tool' "$@"\n`,
  );
});

test('places of the system that it was made for are changed in its text files, or it is not built', async () => {
  publish('1.0.0');
  const edited = (from: string): ToolSource =>
    makeSource(
      `sources: [{name: npm, kind: npm, package: tool-x64, bin: {tool: bin/tool}, edits: [{file: bin/tool, from: ${from}, to: "{home}/of"}]}]`,
    );
  await expect(build(edited('/usr/share'), '1')).rejects.toMatchObject({
    reason: 'tool.build_failed',
    message: expect.stringContaining('bin/tool with /usr/share'),
  });
  expect(left()).toEqual([]);

  const pack = await build(edited('echo'), '1');

  const out = join(directory, 'out-edited');
  execFileSync('unsquashfs', ['-quiet', '-no-progress', '-dest', out, pack.path]);
  expect(readFileSync(join(out, 'bin', 'tool'), 'utf8')).toContain('/opt/volary/tools/tool/of 1.0.0');
});

test('what is made of the same files is the same, byte for byte', async () => {
  publish('1.0.0');
  const first = await build(makeSource(), null);
  const { digest } = first;
  await makeSource().remove(digest);

  expect((await build(makeSource(), null)).digest).toBe(digest);
});

test('a pack is made anew when the catalogue says another thing of its source, and the former one serves where that cannot be fetched', async () => {
  publish('1.0.0');
  const former = await build(makeSource(), '1');
  const more = NPM.replace('bin: {', 'files: {extra: hello}, bin: {');
  const served = files;
  files = new Map();

  expect(await build(makeSource(more), '1')).toEqual(former);
  files = served;
  const fresh = await build(makeSource(more), '1');

  expect(fresh.digest).not.toBe(former.digest);
  expect(await build(makeSource(more), '1')).toEqual(fresh);
  const tool = { name: 'tool', version: '1.0.0' };
  expect(await makeSource(more).find(tool, former.digest)).toEqual(former);
  expect(await build(makeSource(), '1')).toEqual(former);
});

test('another recipe for the same bytes leaves one pack', async () => {
  publish('1.0.0');
  const former = await build(makeSource(), '1');
  const renamed = await build(makeSource(NPM.replace('name: npm', 'name: other')), '1');

  expect(renamed.digest).toBe(former.digest);
  expect(left()).toHaveLength(1);
});

test('a version that was built and fits is taken without a look at the network, also when that is gone', async () => {
  publish('1.0.0');
  const before = await build(makeSource(), '1');
  files.clear();
  asked.length = 0;
  nowMs += 1_000 * HOUR_MS;

  const source = makeSource();
  expect(await source.resolve({ name: 't', range: '1' }, quietly)).toEqual({
    name: 'tool',
    version: '1.0.0',
    digest: before.digest,
  });
  expect(await source.resolve({ name: 'tool', range: '1.0.0' }, quietly)).toMatchObject({ version: '1.0.0' });
  expect(asked).toEqual([]);
  // Whether there is a newer one cannot be found out: what is there is better than nothing.
  expect(await source.resolve({ name: 'tool', range: 'latest' }, quietly)).toMatchObject({ version: '1.0.0' });
});

test('the newest is looked up once a day', async () => {
  publish('1.0.0');
  const source = makeSource();
  expect(await source.resolve({ name: 'tool', range: null }, quietly)).toMatchObject({ version: '1.0.0' });
  publish('1.0.0', '1.1.0');

  nowMs += 23 * HOUR_MS;
  expect(await source.resolve({ name: 'tool', range: 'latest' }, quietly)).toMatchObject({ version: '1.0.0' });
  nowMs += 2 * HOUR_MS;
  expect(await source.resolve({ name: 'tool', range: 'latest' }, quietly)).toMatchObject({ version: '1.1.0' });
});

test('what is asked for and is not there is refused with what there is', async () => {
  publish('1.0.0', '2.0.0');
  const source = makeSource();

  await expect(source.resolve({ name: 'other', range: null }, quietly)).rejects.toMatchObject({
    reason: 'tool.unknown',
    details: { allowed: ['tool'] },
  });
  await expect(source.resolve({ name: 'tool', range: '3' }, quietly)).rejects.toMatchObject({
    reason: 'tool.unknown_version',
    details: { allowed: ['2.0.0', '1.0.0'] },
  });
  await expect(source.resolve({ name: 'tool', range: 'new' }, quietly)).rejects.toMatchObject({
    reason: 'tool.invalid_range',
  });
});

test('a tarball that is not what the registry says is no tool, and nothing of it stays', async () => {
  publish('1.0.0');
  files.set('/tool-1.0.0.tgz', archive('6.6.6', 'package'));

  await expect(build(makeSource(), '1')).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });

  expect(left()).toEqual([]);
});

test('a build that is aborted, or has not what the catalogue says, leaves nothing', async () => {
  publish('1.0.0');
  const aborted = { ...quietly, signal: AbortSignal.abort(new Error('enough')) };
  await expect(makeSource().ensure({ name: 'tool', version: '1.0.0' }, aborted)).rejects.toThrow('enough');

  const wrong = makeSource('sources: [{name: npm, kind: npm, package: tool-x64, bin: {tool: bin/other}}]');
  await expect(build(wrong, '1')).rejects.toMatchObject({ reason: 'tool.build_failed' });

  expect(left()).toEqual([]);
});

test('two who want one version at once wait for one build', async () => {
  publish('1.0.0');
  const [one, other] = [makeSource(), makeSource()];

  const packs = await Promise.all([build(one, '1'), build(one, '1'), build(other, '1')]);

  expect(new Set(packs.map(({ path }) => path)).size).toBe(1);
  expect(left()).toHaveLength(1);
});

test('an archive is taken by the sum of the catalogue, or by the one that its own site tells', async () => {
  const bytes = archive('1.0.0', 'top');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  files.set('/tool-1.0.0.tar.gz', bytes);
  files.set('/tool-2.0.0.tar.gz', bytes);
  files.set('/tool-2.0.0.sum', Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${sha256} *tool-2.0.0.tar.gz\n`));
  files.set('/tool-3.0.0.tar.gz', bytes);
  files.set('/tool-3.0.0.sum', Buffer.from('nothing of the kind\n'));
  const url = `kind: url, url: "${origin()}/tool-{version}.tar.gz", checksum_url: "${origin()}/tool-{version}.sum"`;
  const versions = `versions: {1.0.0: "${sha256}", 2.0.0: null, 3.0.0: null, 4.0.0: "${'1'.repeat(64)}"}`;
  const source = makeSource(`sources: [{name: site, ${url}, ${versions}, strip: 1, bin: {tool: bin/tool}}]`);

  expect(await build(source, '1')).toMatchObject({ version: '1.0.0' });
  expect(await build(source, '2')).toMatchObject({ version: '2.0.0' });
  await expect(build(source, '3')).rejects.toMatchObject({ reason: 'tool.unreachable' });
  files.set('/tool-4.0.0.tar.gz', bytes);
  await expect(build(source, '4')).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });
});

test('a site that cannot be reached is named, with what can be had instead', async () => {
  publish('1.0.0');
  const debian = '{name: debian, kind: debian, packages: [tool], version_of: tool, bin: {}}';
  const gone = `{name: site, kind: url, url: "http://127.0.0.1:1/tool-{version}.tar.gz", versions: {9.0.0: ${'a'.repeat(64)}}, bin: {}}`;
  const npm = '{name: npm, kind: npm, package: tool-x64, bin: {tool: bin/tool}}';
  await build(makeSource(), '1');
  const source = makeSource(`sources: [${gone}, ${npm}, ${debian}]`);

  await expect(build(source, '9')).rejects.toMatchObject({
    code: 'unavailable',
    reason: 'tool.unreachable',
    message: expect.stringMatching(
      /^tool 9\.0\.0 cannot be fetched: 127\.0\.0\.1:1 .*instead: tool@1\.0\.0, tool@debian\.$/,
    ),
  });
});

test('what is removed is gone, and when it was used is known', async () => {
  publish('1.0.0');
  const source = makeSource();
  const pack = await build(source, '1');

  await source.noteUsed(pack.digest);
  expect((await source.list())[0]?.usedAt).toBeGreaterThanOrEqual(pack.usedAt);
  expect(await source.find(pack, 'f'.repeat(64))).toBeNull();
  expect(await source.remove(pack.digest)).toBe(true);
  expect(await source.remove(pack.digest)).toBe(false);

  expect(await source.list()).toEqual([]);
  expect(left()).toEqual([]);
});
