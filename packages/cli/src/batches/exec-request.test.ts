import { describe, expect, it } from 'vitest';
import { toExecBatch } from './exec-request.ts';

describe('one command in many VMs', () => {
  it('is an item for each name, once, and one for the selector', () => {
    expect(toExecBatch(['a', 'b', 'a', 'ls', '-l'], ['ls', '-l'], { selector: 'app=web', inOrder: true })).toEqual({
      items: [
        { action: 'exec', vm: 'a', argv: ['ls', '-l'] },
        { action: 'exec', vm: 'b', argv: ['ls', '-l'] },
        { action: 'exec', selector: 'app=web', argv: ['ls', '-l'] },
      ],
      concurrency: 1,
    });
  });

  it('is run as is said', () => {
    const options = {
      env: { A: '1' },
      cwd: '/srv',
      user: 'nobody',
      timeout: 5_000,
      parallel: 3,
      stopOnError: true,
    } as const;
    expect(toExecBatch(['a', 'env'], ['env'], options)).toEqual({
      items: [
        { action: 'exec', vm: 'a', argv: ['env'], env: { A: '1' }, cwd: '/srv', user: 'nobody', timeout_ms: 5_000 },
      ],
      ...{ concurrency: 3, stop_on_error: true },
    });
  });

  it('stands behind --, and there are VMs that are meant', () => {
    for (const command of [null, []])
      expect(() => toExecBatch(['a', 'ls'], command, {})).toThrow('Put the command behind --');
    expect(() => toExecBatch(['a', 'ls'], ['--cwd', 'a', '--', 'ls'], {})).toThrow('Put the command behind --');
    expect(() => toExecBatch(['ls'], ['ls'], {})).toThrow('Say in which VMs');
  });
});
