import { VolaryConnectionError } from '@volary/sdk';
import { describe, expect, it } from 'vitest';
import { whileInSight } from './in-sight.ts';

describe('a command whose server is gone', () => {
  it('is named, with the way back to it', async () => {
    const gone = new VolaryConnectionError('http://127.0.0.1:1', new Error('refused'));

    await expect(whileInSight('exec_1', () => Promise.reject(gone))).rejects.toMatchObject({
      exitCode: 125,
      reason: 'cli.lost_sight',
      hint: expect.stringContaining('volary attach exec_1'),
    });
  });

  it('is not taken for other errors, nor for a result', async () => {
    const other = new Error('other');

    await expect(whileInSight('exec_1', () => Promise.reject(other))).rejects.toBe(other);
    await expect(whileInSight('exec_1', () => Promise.resolve(7))).resolves.toBe(7);
  });
});
