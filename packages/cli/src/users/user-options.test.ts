import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addUserOptions, toCreateKey, toCreateUser, toUpdateUser, type UserOptions } from './user-options.ts';

function options(...args: readonly string[]): UserOptions {
  return addUserOptions(new Command())
    .option('--enable')
    .option('--disable')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(args, { from: 'user' })
    .opts();
}

const NOW = Date.parse('2026-01-31T12:00:00Z');

describe('what is asked of a new user', () => {
  it('is the name, and what was said besides', () => {
    expect(toCreateUser('ann', options())).toEqual({ name: 'ann' });
    const said = options(
      '--email',
      'a@b.c',
      '--display-name',
      'Ann',
      '--role',
      'viewer,dev',
      '--quota',
      'vms=4,disk_gib=8,security_groups=2',
      '--label',
      'team=blue',
      '-l',
      'tier=front',
    );
    expect(toCreateUser('ann', said)).toEqual({
      ...{ name: 'ann', email: 'a@b.c', display_name: 'Ann' },
      ...{ roles: ['viewer', 'dev'], quota: { vms: 4, disk_gib: 8, security_groups: 2 } },
      labels: { team: 'blue', tier: 'front' },
    });
  });

  it.each(['vms', 'vms=', 'vms=-1', 'vms=1.5', 'planes=1', 'vms=1,', ''])('is no quota of %j', (text) => {
    expect(() => options('--quota', text)).toThrow(/NAME=NUMBER/);
  });
});

describe('what is asked of a user who is there', () => {
  it('is what was said, and none takes away', () => {
    expect(toUpdateUser(options('--email', 'none', '--quota', 'none'))).toEqual({ email: null, quota: null });
    expect(toUpdateUser(options('--label', 'team=red'))).toEqual({ labels: { team: 'red' } });
    expect(toUpdateUser(options('--disable'))).toEqual({ state: 'disabled' });
    expect(toUpdateUser(options('--enable', '--role', 'admin'))).toEqual({ state: 'active', roles: ['admin'] });
  });

  it('is something, and no two things that contradict each other', () => {
    expect(() => toUpdateUser(options())).toThrow('Say what to change');
    expect(() => toUpdateUser(options('--enable', '--disable'))).toThrow('either');
  });
});

describe('what is asked of a new key', () => {
  it.each([
    ['12h', '2026-02-01T00:00:00.000Z'],
    ['30d', '2026-03-02T12:00:00.000Z'],
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
  ])('ends as %s says', (expires, expected) => {
    expect(toCreateKey('CI', { expires }, NOW)).toEqual({ name: 'CI', expires_at: expected });
  });

  it('is without an end, of its maker and unrestricted unless that is said', () => {
    expect(toCreateKey('CI', {}, NOW)).toEqual({ name: 'CI' });
    expect(toCreateKey('CI', { owner: 'ann', permission: ['vm:read'], label: { team: 'blue' } }, NOW)).toEqual({
      ...{ name: 'CI', owner: 'ann', permissions: ['vm:read'], labels: { team: 'blue' } },
    });
    expect(() => toCreateKey('CI', { expires: 'soon' }, NOW)).toThrow('Invalid time: soon');
  });
});
