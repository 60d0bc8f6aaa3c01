import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addReplayOptions,
  addSettingOptions,
  type ReplayOptions,
  type SettingOptions,
  toCreateRequest,
  toReplayRequest,
  toUpdateRequest,
} from './webhook-options.ts';

function settings(...args: readonly string[]): SettingOptions {
  const quiet = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const command = addSettingOptions(quiet).option('--rotate-secret').option('--enable').option('--disable');
  return command.parse(args, { from: 'user' }).opts();
}

function replay(...args: readonly string[]): ReplayOptions {
  return addReplayOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(args, { from: 'user' })
    .opts();
}

describe('what is asked of a new webhook', () => {
  it('is its URL, and what was said besides', () => {
    expect(toCreateRequest('http://a/', settings())).toEqual({ url: 'http://a/' });
    expect(
      toCreateRequest('http://a/', settings('--type', 'vm.started,vm.failed', '--vm', 'web', '--description', 'x')),
    ).toEqual({ url: 'http://a/', types: ['vm.started', 'vm.failed'], vm: 'web', description: 'x' });
  });

  it.each([
    ['slack:C0123', { integration: 'slack', channel: 'C0123' }],
    ['slack:#general', { integration: 'slack', channel: '#general' }],
    ['discord:123', { integration: 'discord', channel: '123' }],
    ['github:acme/web#7', { integration: 'github', repository: 'acme/web', issue: 7 }],
  ])('is told by an integration: %s', (to, target) => {
    expect(toCreateRequest(undefined, settings('--to', to))).toEqual({ target });
    expect(toUpdateRequest(settings('--to', to))).toEqual({ target });
  });

  it('leads to one place, which can be understood', () => {
    expect(() => toCreateRequest('http://a/', settings('--to', 'slack:C1'))).toThrow('either');
    expect(() => toCreateRequest(undefined, settings())).toThrow('either');
    for (const to of ['slack', 'slack:', 'teams:C1', 'github:acme/web', 'github:acme/web#x', 'http://a/'])
      expect(() => settings('--to', to)).toThrow('slack:CHANNEL');
  });

  it('has its secret from a file, without the newline', () => {
    const directory = mkdtempSync(join(tmpdir(), 'volary-test-secret-'));
    try {
      const path = join(directory, 'secret');
      writeFileSync(path, 'sixteen characters-or-more\n');

      expect(toCreateRequest('http://a/', settings('--secret-file', path))).toMatchObject({
        secret: 'sixteen characters-or-more',
      });
      expect(() => toCreateRequest('http://a/', settings('--secret-file', join(directory, 'none')))).toThrow('none');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('a change of a webhook', () => {
  it.each([
    [['--enable'], { is_enabled: true }],
    [['--disable'], { is_enabled: false }],
    [['--rotate-secret'], { rotate_secret: true }],
    [['--type', 'all', '--vm', 'any'], { types: null, vm: null }],
    [['--type', 'vm.started'], { types: ['vm.started'] }],
  ])('%j', (args, expected) => {
    expect(toUpdateRequest(settings(...args))).toEqual(expected);
  });

  it('is one at least, and not both', () => {
    expect(() => toUpdateRequest(settings())).toThrow('Say what to change.');
    expect(() => toUpdateRequest(settings('--enable', '--disable'))).toThrow('either');
  });
});

describe('what is sent again', () => {
  it.each([
    [['--after', '0'], { after: 0 }],
    [['--sequence', '12,15', '--sequence', '3'], { sequences: [12, 15, 3] }],
    [['--delivery', 'dlv_x'], { delivery: 'dlv_x' }],
  ])('%j', (args, expected) => {
    expect(toReplayRequest(replay(...args))).toEqual(expected);
  });

  it('is one thing', () => {
    expect(() => toReplayRequest(replay())).toThrow('one of');
    expect(() => toReplayRequest(replay('--after', '1', '--delivery', 'dlv_x'))).toThrow('one of');
    for (const sequence of ['0', 'x', ',']) expect(() => replay('--sequence', sequence)).toThrow();
  });
});
