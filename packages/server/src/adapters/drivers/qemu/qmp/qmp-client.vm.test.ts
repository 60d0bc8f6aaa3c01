import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectSocket } from '../../../shared/connect-socket.ts';
import { QmpClient } from './qmp-client.ts';

/** A QEMU without a machine, for each test: all of its monitor, and nothing to boot. */
let directory = '';
let qemu: ReturnType<typeof spawn>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qmp-'));
  const socket = ['-chardev', 'socket,id=qmp,path=qmp.sock,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'];
  const ring = ['-chardev', 'ringbuf,id=console,size=1024'];
  qemu = spawn('qemu-system-x86_64', ['-machine', 'none', '-nodefaults', '-display', 'none', ...socket, ...ring], {
    cwd: directory,
    stdio: 'ignore',
  });
});

afterEach(async () => {
  const ended = new Promise((resolve) => qemu.once('exit', resolve));
  if (qemu.kill('SIGKILL')) await ended;
  await rm(directory, { recursive: true, force: true });
});

async function connect() {
  for (;;) {
    const socket = await connectSocket(join(directory, 'qmp.sock')).catch(() => null);
    if (socket !== null) return socket;
    await delay(5);
  }
}

/* Once in some thousand starts QEMU 7.2 greets and never answers, whoever asks: that one is given up, and says nothing of the client. */
const ANOTHER_QEMU = { retry: 1 };

test('a real QEMU answers, tells its events, and greets one client only', ANOTHER_QEMU, async () => {
  await using client = await QmpClient.open(await connect());

  const events = client.events()[Symbol.asyncIterator]();
  expect(await client.execute('query-status', null)).toMatchObject({ status: 'running' });
  await client.execute('stop', null);
  expect((await events.next()).value).toMatchObject({ event: 'STOP' });
  expect(await client.execute('query-status', null)).toMatchObject({ status: 'paused', running: false });
  expect(await client.execute('ringbuf-read', { device: 'console', size: 10, format: 'base64' })).toBe('');
  await expect(client.execute('ringbuf-read', { device: 'none', size: 10, format: 'base64' })).rejects.toMatchObject({
    reason: 'driver.qmp_refused',
  });
  const second = QmpClient.open(await connect(), { greetingTimeoutMs: 100 });
  await expect(second).rejects.toMatchObject({ reason: 'driver.qmp_held' });
});

test('its end is told', ANOTHER_QEMU, async () => {
  const client = await QmpClient.open(await connect());

  await client.execute('quit', null);

  expect((await client.closed).reason).toBe('driver.qmp_closed');
});
