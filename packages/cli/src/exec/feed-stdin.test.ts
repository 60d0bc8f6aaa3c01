import { PassThrough } from 'node:stream';
import type { StdinWriter } from '@volary/sdk';
import { describe, expect, it } from 'vitest';
import { feedStdin } from './feed-stdin.ts';

const HUNG: StdinWriter = { write: () => new Promise(() => {}), end: () => new Promise(() => {}) };

/** A command that takes all, and what it took. */
function taker(): StdinWriter & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    taken,
    write: async (bytes) => {
      taken.push(Buffer.from(bytes).toString());
    },
    end: async () => {
      taken.push('<end>');
    },
  };
}

function refusing(error: Error): StdinWriter {
  return { write: () => Promise.reject(error), end: () => Promise.reject(error) };
}

describe('what is typed', () => {
  it('is left by ~. also while the command takes nothing of what was typed before', async () => {
    const keys = new PassThrough();
    const fed = feedStdin(keys, HUNG, { isTyped: true });

    keys.write('hello?\r');
    keys.write('~.');

    expect(await fed).toBe('left');
  });

  it('arrives in order, and its end with it', async () => {
    const command = taker();
    const keys = new PassThrough();
    const fed = feedStdin(keys, command, { isTyped: true });

    keys.write('ls\r');
    keys.end('exit\r');

    expect(await fed).toBe('ended');
    expect(command.taken.join('')).toBe('ls\rexit\r<end>');
  });

  it('is not read past a bound that a command has not taken', async () => {
    let readBytes = 0;
    async function* paste(): AsyncGenerator<Uint8Array> {
      for (; readBytes < 64 * 1024 * 1024; readBytes += 65_536) yield Buffer.alloc(65_536);
    }
    void feedStdin(paste(), HUNG, { isTyped: true });
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));

    expect(readBytes).toBe(1024 * 1024);
  });

  it.each([true, false])('may be more than a command wants (typed: %s), other failures are told', async (isTyped) => {
    const closed = Object.assign(new Error('closed'), { reason: 'execution.stdin_closed' });
    const broken = new Error('broken');

    await expect(feedStdin(keysOf('a'), refusing(closed), { isTyped })).resolves.toBe('ended');
    await expect(feedStdin(keysOf('a'), refusing(broken), { isTyped })).rejects.toBe(broken);
  });
});

async function* keysOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
