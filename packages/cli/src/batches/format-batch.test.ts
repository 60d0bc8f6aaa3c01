import { expect, it } from 'vitest';
import { formatBatch } from './format-batch.ts';

const said = (stdout: string) => ({ exit_code: 0, signal: null, stdout, stderr: '', truncated: false });

it('shows exit codes where there are commands, and none where there are none', () => {
  const items = [{ action: 'stop', name: 'a', state: 'succeeded', error: null }];
  expect(formatBatch({ result: { items } })).toMatch(/^ACTION +VM +STATE +WHY\nstop +a +succeeded/);
  const command = { ...said(''), exit_code: null, signal: 'SIGKILL' };
  const killed = [{ action: 'exec', name: 'a', state: 'failed', error: null, command }];
  expect(formatBatch({ result: { items: killed } })).toMatch(/EXIT +WHY\nexec +a +failed +SIGKILL/);
  expect(formatBatch({ result: null })).toBe(formatBatch({ result: { items: [] } }));
});

it('lets no guest write anything but text on the terminal', () => {
  const items = [
    { action: 'exec', name: 'a', state: 'succeeded', error: null, command: said('\u001b]0;mine\u0007hi\b\n') },
  ];

  const text = formatBatch({ result: { items } });

  expect(text).toContain('a (exit code 0)\n');
  expect(text).toContain('hi\u2408\n');
  expect(text).not.toContain('\u001b');
});
