import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPinoLog } from '../../../system/pino-log.ts';
import { INSTALL_AGENT } from './install-agent.ts';
import { beginInstalling, shutDownBySystemAgent } from './system-agent.ts';

/* The agent that a guest brings is played by this test, from what its protocol's description says: QEMU's tests of it are not ours. */

const lines: string[] = [];
const log = createPinoLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
let directory: string;
let path: string;
let server: Server | null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qga-'));
  path = join(directory, 'qga.sock');
  server = null;
  lines.length = 0;
});
afterEach(async () => {
  server?.close();
  await rm(directory, { recursive: true });
});

type Command = { readonly execute: string; readonly arguments: Readonly<Record<string, unknown>> };

/** Listens, and answers each command by what `answer` returns; null: by nothing. */
async function play(answer: (command: Command, socket: Socket) => object | null, greeting = ''): Promise<Command[]> {
  const heard: Command[] = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(greeting);
    const reader = createInterface({ input: socket });
    reader.on('error', () => undefined);
    reader.on('line', (line) => {
      // The byte before the first command ends what others had begun.
      const command: Command = JSON.parse(line.slice(line.indexOf('{')));
      heard.push(command);
      const said = command.execute === 'guest-sync' ? { return: command.arguments['id'] } : answer(command, socket);
      if (said !== null) socket.write(`${JSON.stringify(said)}\n`);
    });
  }).listen(path);
  await once(server, 'listening');
  return heard;
}

async function untilLogged(text: string): Promise<string> {
  const found = Promise.withResolvers<string>();
  const look = (): void => {
    const line = lines.find((each) => each.includes(text));
    if (line === undefined) setTimeout(look, 10);
    else found.resolve(line);
  };
  look();
  return await found.promise;
}

describe('the agent that a guest brings', () => {
  const signal = new AbortController().signal;

  it('installs ours, and says how that went', async () => {
    let polls = 0;
    const heard = await play(
      ({ execute }) => {
        if (execute === 'guest-exec') return { return: { pid: 7 } };
        polls += 1;
        if (polls === 1) return { return: { exited: false } };
        return { return: { exited: true, exitcode: 0, 'err-data': Buffer.from('done').toString('base64') } };
      },
      // Of somebody before, who has gone.
      'rest of an answer"}\n{"return": 1}\n',
    );

    await using _installing = beginInstalling(path, { log, signal });

    expect(await untilLogged('was installed')).toContain('"exitCode":0');
    expect(heard.map(({ execute }) => execute)).toEqual([
      ...['guest-sync', 'guest-exec', 'guest-exec-status', 'guest-exec-status'],
    ]);
    expect(heard[1]?.arguments).toMatchObject({ path: '/bin/sh', arg: ['-c', INSTALL_AGENT] });
  });

  it('that is forbidden to run programs is let be', async () => {
    await play(() => ({ error: { class: 'CommandNotFound', desc: 'guest-exec has been disabled' } }));

    await using _installing = beginInstalling(path, { log, signal });

    expect(await untilLogged('could not be installed')).toContain('guest-exec has been disabled');
  });

  it('that says no end of a line is let be', async () => {
    await play((_, socket) => {
      socket.write('x'.repeat(512 * 1024));
      return null;
    });

    await using _installing = beginInstalling(path, { log, signal });

    expect(await untilLogged('could not be installed')).toContain('bytes');
  });

  it('that never answers keeps nobody: it is left when somebody else was quicker', async () => {
    server = createServer((socket) => socket.on('error', () => undefined)).listen(path);
    await once(server, 'listening');

    const connected = once(server, 'connection');
    const installing = beginInstalling(path, { log, signal });
    await connected;
    await installing[Symbol.asyncDispose]();

    expect(lines).toEqual([]);
    await expect(shutDownBySystemAgent(path, AbortSignal.timeout(50))).rejects.toThrow('timeout');
  });

  it('is asked to power off, which it does not answer', async () => {
    const asked = Promise.withResolvers<Command>();
    await play((command) => {
      asked.resolve(command);
      return null;
    });

    await shutDownBySystemAgent(path, signal);

    expect(await asked.promise).toEqual({ execute: 'guest-shutdown', arguments: { mode: 'powerdown' } });
  });
});
