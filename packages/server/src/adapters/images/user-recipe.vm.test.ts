import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RecipeDefinition } from '../../domain/image/definition.ts';
import type { Image } from '../../domain/image/image.ts';
import { parseAllowedTargets } from '../../domain/net/target.ts';
import type { ImageSource } from '../../ports/image-source.ts';
import { createFetcher } from '../shared/fetch/fetcher.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { createImageSource } from './image-source.ts';

const GUEST = fileURLToPath(new URL('../../../../../guest', import.meta.url));
const log = createPinoLog({ level: 'error' });
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

let cacheDir: string;
let source: ImageSource;
beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'volary-test-recipe-'));
  const fetcher = createFetcher({ allowedTargets: parseAllowedTargets(''), version: '1' });
  const imports = { definitionOf: async () => null, fetcher, folders: [], maxBytes: 1024 ** 3 };
  source = await createImageSource({ cacheDir, guestPath: GUEST, log, imports });
});
afterEach(() => rmSync(cacheDir, { recursive: true }));

/** What a build might run of what it builds: it must have no more rights than its commands. */
const TRAPS = ['/usr/bin/umount', '/usr/bin/setpriv', '/usr/sbin/depmod', '/usr/bin/dpkg-query'].map((path) => ({
  ...{ path, mode: 0o755, owner: 'root' },
  content: '#!/bin/sh\ngrep CapEff /proc/self/status >> /root/escaped\n',
}));

const RECIPE: RecipeDefinition = {
  ...{ kind: 'recipe', description: 'Of a test', packages: ['hello'], rootGib: 2 },
  files: [
    { path: '/etc/mine/motd', content: 'hello\n', mode: 0o640, owner: 'root:www-data' },
    { path: '/usr/local/bin/say', content: '#!/bin/sh\ncat /etc/mine/motd\n', mode: 0o755, owner: 'root' },
    ...TRAPS,
  ],
  commands: [
    'cat; echo all of it > /root/read',
    'say > /root/said; hello > /root/greeting; useradd -m ann; install -o ann -d /home/ann/own',
    // What a command finds itself in, for the assertions below.
    `{
      echo "caps $(grep CapEff /proc/self/status | cut -f 2)"
      echo "processes $(ls -d /proc/[0-9]* | wc -l)"
      echo "interfaces $(tail -n +3 /proc/net/dev | grep -cv lo:)"
      echo "sys $(ls -A /sys | wc -l)"
      (echo 1 > /proc/sys/kernel/panic) 2> /dev/null && echo wrote-proc
      mknod /tmp/disk b 8 0 2> /dev/null && echo made-node
      mount -t tmpfs none /mnt 2> /dev/null && echo mounted
      chroot /tmp true 2> /dev/null && echo changed-root
      ls -A / | tr '\\n' ' '
    } > /root/facts`,
  ],
};

function make(definition: RecipeDefinition): Promise<Image> {
  return source.ensure('mine', { definition, signal: new AbortController().signal, onProgress: () => undefined });
}

function inspect(image: Image, request: string): string {
  return execFileSync('debugfs', ['-R', request, image.rootPath], { encoding: 'utf8', env, stdio: 'pipe' });
}

it('has in it what the recipe says; a command that fails shows its last words, and what was there stays', async () => {
  const outside = join(cacheDir, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'host.log'), 'kept');
  const commands = [...RECIPE.commands, `mv /var/log /var/own; ln -s ${outside} /var/log`];
  const image = await make({ ...RECIPE, commands });

  expect(image).toMatchObject({ name: 'mine', boot: 'direct', rootBytes: 2 * 1024 ** 3 });
  expect(inspect(image, 'cat /root/said')).toBe('hello\n');
  expect(inspect(image, 'cat /root/greeting')).toBe('Hello, world!\n');
  expect(inspect(image, 'stat /etc/mine/motd')).toMatch(/Mode:\s+0640[\s\S]*User:\s+0\s+Group:\s+33/);
  expect(inspect(image, 'stat /home/ann/own')).toMatch(/User:\s+1000/);
  expect(inspect(image, 'stat /usr/bin/git')).toContain('Type: regular');
  const facts = inspect(image, 'cat /root/facts').split('\n');
  expect(facts.slice(0, 4)).toEqual([
    ...['caps 00000000000000fb', expect.stringMatching(/^processes [1-9]$/), 'interfaces 0', 'sys 0'],
  ]);
  // Nothing but the list of the root follows: none of what must not work has.
  expect(facts).toHaveLength(5);
  expect(facts[4]).not.toContain('.host');
  expect(inspect(image, 'ls -p /')).not.toContain('.host');
  expect(inspect(image, 'cat /root/read')).toBe('all of it\n');
  expect(inspect(image, 'ls -p /root')).not.toContain('escaped');
  expect(existsSync(join(outside, 'host.log'))).toBe(true);
  expect(await make({ ...RECIPE, commands })).toEqual(image);

  const broken = { ...RECIPE, commands: ['echo the first works', 'echo it goes wrong here; exit 7'] };
  const error = await make(broken).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'failed_precondition', reason: 'image.build_failed' });
  expect(String(error)).toContain('command 2 of the recipe failed:\nit goes wrong here');
  expect(String(error)).not.toContain(cacheDir);
  expect(await source.list()).toEqual([image]);
  expect(readdirSync(join(cacheDir, 'roots'))).toHaveLength(1);
  expect(existsSync(image.rootPath)).toBe(true);
}, 900_000);
