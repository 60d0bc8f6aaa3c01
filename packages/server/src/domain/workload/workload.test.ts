import { describe, expect, it } from 'vitest';
import { VolaryError } from '../errors.ts';
import { type AskedWorkload, completeWorkload } from './workload.ts';

function fieldOf(asked: AskedWorkload): unknown {
  try {
    completeWorkload(asked);
  } catch (error) {
    if (error instanceof VolaryError && error.reason === 'workload.invalid') return error.details['field'];
    throw error;
  }
  return null;
}

describe('a workload', () => {
  it('is completed with what nobody has to say', () => {
    expect(completeWorkload({ type: 'http', command: 'serve', port: 80 })).toEqual({
      type: 'http',
      argv: ['/bin/sh', '-c', 'serve'],
      port: 80,
      basePath: '',
      environment: {},
      workingDirectory: '',
      user: '',
      restart: 'always',
      restartDelayMs: 500,
      longestRestartDelayMs: 60_000,
    });
    expect(completeWorkload({ type: 'batch', entrypoint: ['a', 'b'], args: ['c'] })).toMatchObject({
      argv: ['a', 'b', 'c'],
      restart: 'never',
    });
  });

  it('without a command is run by the image', () => {
    expect(completeWorkload({ type: 'tcp', port: 22 }).argv).toBeNull();
  });

  it.each([
    ['http://127.0.0.1:8080', 8080, ''],
    ['http://localhost:8080/api/', 8080, '/api'],
    ['http://[::1]/', 80, ''],
  ])('takes port and paths from %s', (baseUrl, port, basePath) => {
    expect(completeWorkload({ type: 'http', command: 'serve', baseUrl })).toMatchObject({ port, basePath });
  });

  it.each<[string, AskedWorkload]>([
    ['workload.entrypoint', { type: 'daemon', command: 'a', entrypoint: ['b'] }],
    ['workload.args', { type: 'daemon', command: 'a', args: ['b'] }],
    ['workload.command', { type: 'daemon' }],
    ['workload.command', { type: 'batch', port: 1 }],
    ['workload.command', { type: 'daemon', command: 'a'.repeat(8_193 + 16) }],
    ['workload.port', { type: 'http', command: 'a' }],
    ['workload.port', { type: 'tcp' }],
    ['workload.restart', { type: 'batch', command: 'a', restart: 'always' }],
    ['workload.restart_delay_ms', { type: 'daemon', command: 'a', restartDelayMs: 99 }],
    ['workload.restart_max_delay_ms', { type: 'daemon', command: 'a', longestRestartDelayMs: 200 }],
    ['workload.base_url', { type: 'http', command: 'a', port: 1, baseUrl: 'http://localhost:2' }],
    ['workload.base_url', { type: 'http', command: 'a', baseUrl: 'https://localhost:2' }],
    ['workload.base_url', { type: 'http', command: 'a', baseUrl: 'http://example.com:2' }],
    ['workload.base_url', { type: 'http', command: 'a', baseUrl: 'http://localhost:99999' }],
    ['workload.base_url', { type: 'http', command: 'a', baseUrl: 'nonsense' }],
    ['workload.base_url', { type: 'daemon', command: 'a', baseUrl: 'http://localhost' }],
  ])('is refused by its field: %s', (field, asked) => {
    expect(fieldOf(asked)).toBe(field);
  });
});
