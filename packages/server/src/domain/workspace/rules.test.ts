import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import { sampleWorkspace } from '../../ports/store-contract/workspace-samples.contract.ts';
import { isVmName } from '../vm/spec.ts';
import type { VmStatus } from '../vm/vm.ts';
import { repositoryOf } from './repository.ts';
import { PREP_LIMITS, presentStep, setupOf, withStep } from './setup.ts';
import { statusOf } from './status.ts';
import { checkWorkspaceName, ownVmName } from './workspace.ts';

const invalidRepository = refusal('invalid_argument', 'workspace.invalid_repository');

describe('the address of a repository', () => {
  it.each([
    ['https://github.com/acme/shop.git', '/workspace/shop'],
    ['http://192.0.2.1:8080/shop', '/workspace/shop'],
    ['git://127.0.0.1/group/sub/shop.git/', '/workspace/shop'],
    ['ssh://git@example.com:2222/~ann/shop.git', '/workspace/shop'],
    ['git@github.com:acme/shop.git', '/workspace/shop'],
    ['host:shop', '/workspace/shop'],
    ['https://[2001:db8::1]/shop', '/workspace/shop'],
    ['https://example.com/..', '/workspace/repository'],
    ['https://example.com/a%20b.git', '/workspace/a-20b'],
  ])('may be %s', (url, directory) => {
    expect(repositoryOf({ url })).toEqual({ url, ref: null, directory });
  });

  it.each([
    '--upload-pack=touch /tmp/x',
    '-u',
    'file:///etc',
    '/etc',
    './repository',
    'ext::sh -c id',
    'fd::17',
    'https://-host/x',
    'ssh://-oProxyCommand=id/x',
    'ssh://-l@host/x',
    '-oProxyCommand=id:x',
    'git@host:-x',
    'git@-host:x',
    'https://user:password@example.com/x',
    'https://token@example.com/x',
    'ssh://git:password@example.com/x',
    'https://example.com/x?private_token=1',
    'https://example.com/x#y',
    'https://example.com',
    'https://example.com/a b',
    'https://example.com/a\n--x',
    'ftp://example.com/x',
    `https://example.com/${'x'.repeat(2_048)}`,
    '',
  ])('is never %j', (url) => {
    expect(() => repositoryOf({ url })).toThrow(invalidRepository);
  });

  it('goes with a branch and a directory that are no options, and lead nowhere else', () => {
    const url = 'https://example.com/x';

    expect(repositoryOf({ url, ref: 'feature/a-1', directory: '/srv/x' })).toEqual({
      url,
      ref: 'feature/a-1',
      directory: '/srv/x',
    });
    for (const ref of ['--all', '', 'a..b', 'a b', 'a@{1}', 'a\\b', 'x.lock', 'a/', `${'a'.repeat(256)}`])
      expect(() => repositoryOf({ url, ref })).toThrow(invalidRepository);
    for (const directory of ['relative', '/', '/a/../b', '/a//b', '/a/', '/a b', '/..', '/a\n'])
      expect(() => repositoryOf({ url, directory })).toThrow(invalidRepository);
  });
});

describe('a setup', () => {
  it('clones first, then does what it was told, in order', () => {
    const setup = setupOf({ url: 'https://x/y' }, [{ command: 'make' }, { command: 'make test', timeoutSeconds: 5 }]);

    expect(setup.steps.map(({ kind, command, timeoutSeconds }) => [kind, command, timeoutSeconds])).toEqual([
      ['clone', 'git clone https://x/y', 600],
      ['prep', 'make', 600],
      ['prep', 'make test', 5],
    ]);
    const later = withStep(withStep(setup, 0, { state: 'done' }), 1, { state: 'running' });
    expect(presentStep(later)).toEqual({ index: 1, step: later.steps[1] });
    expect(presentStep(setupOf(null, []))).toBeNull();
  });

  it.each([
    [Array.from({ length: PREP_LIMITS.count + 1 }, () => ({ command: 'true' }))],
    [[{ command: ' ' }]],
    [[{ command: 'a\0b' }]],
    [[{ command: 'x'.repeat(PREP_LIMITS.commandLength + 1) }]],
    [[{ command: 'make', timeoutSeconds: 0 }]],
    [[{ command: 'make', timeoutSeconds: 1.5 }]],
  ])('is refused with steps that cannot be (%#)', (preps) => {
    expect(() => setupOf(null, preps)).toThrow(refusal('invalid_argument', 'workspace.invalid_prep_steps'));
  });
});

describe('the status of a workspace', () => {
  const since = 1;
  const settled = (phase: 'running' | 'suspended' | 'stopped' | 'unknown'): VmStatus => ({ phase, since });
  const failure = { generation: 1, reason: 'vm.start_failed', message: 'It broke.', consoleTail: '', at: 1 };
  const pending = sampleWorkspace(1);
  const done = { ...pending, setup: { ...pending.setup, state: 'done' } as const };
  const failed = { ...pending, setup: { ...pending.setup, state: 'failed', message: 'make failed' } as const };

  it('is that of its VM, and creating until its setup is over', () => {
    expect(statusOf(pending, settled('running'))).toEqual({ status: 'creating', message: null });
    expect(statusOf(done, settled('running')).status).toBe('running');
    expect(statusOf(done, settled('suspended')).status).toBe('running');
    expect(statusOf(pending, settled('stopped')).status).toBe('stopped');
  });

  it('says why it failed', () => {
    expect(statusOf(pending, { phase: 'failed', since, failure })).toEqual({ status: 'failed', message: 'It broke.' });
    expect(statusOf(failed, settled('running'))).toEqual({ status: 'failed', message: 'make failed' });
    expect(statusOf(done, settled('unknown')).status).toBe('failed');
    expect(statusOf({ ...failed, isDeleting: true }, settled('running')).status).toBe('deleting');
  });
});

describe('the name of a workspace', () => {
  it('is one that its VM can have', () => {
    expect(() => checkWorkspaceName('Desk')).toThrow(refusal('invalid_argument', 'workspace.invalid_name'));
    const { id } = sampleWorkspace(7);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/), (name) => {
        checkWorkspaceName(name);
        expect(isVmName(ownVmName({ id, name }))).toBe(true);
        expect(ownVmName({ id, name }).endsWith(`-${id.slice(-6)}`)).toBe(true);
      }),
    );
  });
});
