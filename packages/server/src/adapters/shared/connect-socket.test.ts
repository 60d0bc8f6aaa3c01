import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectSocket } from './connect-socket.ts';

test('reaches a socket below a path of any length, and follows no link to it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'socket-'));
  const directory = join(root, 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(directory, { recursive: true });
  const server = createServer((connection) => connection.end('hello'));
  const short = join(root, 's');
  await new Promise<void>((resolve) => server.listen(short, resolve));
  symlinkSync(short, join(directory, 'link'));
  writeFileSync(join(directory, 'file'), '');
  // A hard link gives the very socket a long path.
  linkSync(short, join(directory, 'socket'));

  const connection = await connectSocket(join(directory, 'socket'));
  const said = await new Promise((resolve) => connection.once('data', (chunk) => resolve(String(chunk))));
  connection.destroy();

  expect(said).toBe('hello');
  await expect(connectSocket(join(directory, 'link'))).rejects.toMatchObject({ code: 'ENOTSOCK' });
  await expect(connectSocket(join(directory, 'file'))).rejects.toMatchObject({ code: 'ENOTSOCK' });
  await expect(connectSocket(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

test('the death of the other side before anybody listens ends the socket, and not the program', async () => {
  const root = mkdtempSync(join(tmpdir(), 'socket-'));
  const path = join(root, 's');
  // Not reading what was sent, and closing, resets the connection.
  const server = createServer({ pauseOnConnect: true }, (connection) => setTimeout(() => connection.destroy(), 20));
  await new Promise<void>((resolve) => server.listen(path, resolve));

  const connection = await connectSocket(path);
  connection.write('to nobody');
  connection.resume();
  const hadError = await new Promise((resolve) => connection.once('close', resolve));

  expect(hadError).toBe(true);
  expect(connection.errored).toMatchObject({ code: 'ECONNRESET' });
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});
