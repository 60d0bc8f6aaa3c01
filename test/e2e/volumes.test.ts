import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Volumes, of the whole program and in real guests. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

const sh = (vm: string, script: string) => here.must(['exec', vm, '--', 'sh', '-c', script]);
const BOOKS = '/dev/disk/by-id/virtio-books';

it('what a VM writes is there for the next, and what is preserved of it too', async () => {
  expect(await here.must(['volume', 'create', 'books', '--size', '1g', '-l', 'team=blue'])).toBe('books');
  await here.must(['create', 'first', '--volume', 'books', '--add-disk', 'logs=1g']);
  await sh('first', `mkfs.ext4 -q ${BOOKS} && mount ${BOOKS} /mnt && echo hello > /mnt/file && umount /mnt`);
  await sh(
    'first',
    'echo of-logs | dd of=/dev/disk/by-id/virtio-logs bs=512 conv=sync,fsync; echo root > /root/kept; sync',
  );
  expect(await here.must(['volume', 'ls', '--selector', 'team=blue'])).toMatch(/books +ready +1 GiB +first/);
  const other = await here.volary(['create', 'second', '--volume', 'books']);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('first writes the volume books') });
  expect(await here.volary(['volume', 'rm', 'books'])).toMatchObject({ code: 4 });

  await here.must(['rm', '--preserve-volumes', 'first']);

  expect(await here.must(['volume', 'ls', '-q'])).toBe('books\nfirst-root\nfirst-logs');
  expect(await here.must(['volume', 'get', 'first-root'])).toMatch(/source +the root of first \(base\)/);
  const volumes = ['books:ro', 'first-logs:disk=logs', 'first-root:ro:disk=old'].flatMap((each) => ['--volume', each]);
  await here.must(['create', 'second', ...volumes]);
  expect(await sh('second', `mount -o ro,noload ${BOOKS} /mnt && cat /mnt/file && umount /mnt`)).toBe('hello');
  expect(await sh('second', 'head -c 7 /dev/disk/by-id/virtio-logs')).toBe('of-logs');
  expect(await sh('second', 'mount -o ro,noload /dev/disk/by-id/virtio-old /mnt && cat /mnt/root/kept')).toBe('root');
  const df = JSON.parse(await here.must(['system', 'df', '--json']));
  expect(JSON.stringify(df)).toContain('first-root');

  await here.must(['rm', '--force', 'second']);
  expect(await here.must(['volume', 'rm', 'books', 'first-root', 'first-logs'])).toBe('books\nfirst-root\nfirst-logs');
  expect(await here.must(['volume', 'ls', '-q'])).toBe('');
});
