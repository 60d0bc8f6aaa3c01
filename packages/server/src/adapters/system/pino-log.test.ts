import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPinoLog, type PinoLogConfig } from './pino-log.ts';

function recording(level: PinoLogConfig['level']) {
  const lines: string[] = [];
  const log = createPinoLog({ level, stream: { write: (line: string) => lines.push(line) } });
  return { log, lines, entries: () => lines.map((line): unknown => JSON.parse(line)) };
}

describe('the log', () => {
  it('writes one JSON object a line', () => {
    const { log, lines, entries } = recording('info');

    log.info('vm started', { vmId: 'vm_1', durationMs: 12 });

    expect(lines).toEqual([expect.stringMatching(/^[^\n]*\n$/)]);
    expect(entries()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: 'info',
        message: 'vm started',
        vmId: 'vm_1',
        durationMs: 12,
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { log, entries } = recording('warn');

    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d', { error: new Error('why') });

    expect(entries()).toMatchObject([
      { level: 'warn', message: 'c' },
      { level: 'error', message: 'd', error: { message: 'why' } },
    ]);
  });

  it('adds a child’s fields to each of its lines, secrets hidden', () => {
    const { log, entries } = recording('debug');

    log.child({ vmId: 'vm_1', apiKey: 'x' }).child({ step: 'create-disk' }).debug('begun', { token: 'y' });

    expect(entries()).toMatchObject([
      { vmId: 'vm_1', step: 'create-disk', apiKey: '[hidden]', token: '[hidden]', message: 'begun' },
    ]);
  });
});

describe('a log that cannot be written', () => {
  it('is lost, and not the program with it', () => {
    const script = `
    import { createPinoLog } from ${JSON.stringify(join(import.meta.dirname, 'pino-log.ts'))};
    const log = createPinoLog({ level: 'info' });
    for (let i = 0; i < 20_000; i++) log.error('the disk is full', { text: 'x'.repeat(100) });
    setTimeout(() => {
      log.error('still');
      process.stdout.write(process.memoryUsage().rss < 300 * 1024 ** 2 ? 'lives on' : 'keeps it all');
    }, 50);
  `;
    const full = openSync('/dev/full', 'w');

    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', full],
    });
    closeSync(full);

    expect({ stdout, status }).toEqual({ stdout: 'lives on', status: 0 });
  });
});
