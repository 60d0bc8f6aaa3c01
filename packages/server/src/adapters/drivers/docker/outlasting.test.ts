import { getEventListeners, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { outlasting } from './outlasting.ts';

async function forEver(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw signal.reason;
}

describe('what is awaited although nobody wants it any more', () => {
  it('is what came of it, when that comes in time', async () => {
    const given = new AbortController();

    const awaited = outlasting(given.signal, async (signal) => {
      given.abort(new Error('enough'));
      return signal.aborted ? 'broken off' : 'done';
    });

    expect(await awaited).toBe('done');
    expect(getEventListeners(given.signal, 'abort')).toEqual([]);
  });

  it('is not awaited for ever', async () => {
    const given = new AbortController();
    const awaited = outlasting(given.signal, forEver, { givenMs: 1 });

    given.abort(new Error('enough'));

    await expect(awaited).rejects.toThrow('enough');
  });

  it('is asked for a while also by whom nobody waits for already', async () => {
    await expect(outlasting(AbortSignal.abort(new Error('enough')), forEver, { givenMs: 1 })).rejects.toThrow('enough');
  });

  it('fails as it does', async () => {
    const { signal } = new AbortController();
    const failing = outlasting(signal, async () => {
      throw new Error('refused');
    });

    await expect(failing).rejects.toThrow('refused');
  });
});
