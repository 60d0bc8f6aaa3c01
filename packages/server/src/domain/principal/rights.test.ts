import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNED_RESOURCES, PERMISSIONS, partsOf } from './permissions.ts';
import { may, NOBODY, type Principal, reachOf, SYSTEM } from './principal.ts';
import { ALL_RIGHTS, covers, isPattern, NO_RIGHTS, restrict, rightsOf } from './rights.ts';
import { BUILT_IN_ROLES } from './roles.ts';

const RESOURCES = [...new Set(PERMISSIONS.map((permission) => partsOf(permission).resource))];
const VERBS = [...new Set(PERMISSIONS.map((permission) => partsOf(permission).verb))];
const anyPattern = fc
  .tuple(fc.constantFrom('*', ...RESOURCES), fc.constantFrom('*', ...VERBS), fc.constantFrom('', '@own'))
  .map(([resource, verb, own]) => (resource === '*' && verb === '*' ? `*${own}` : `${resource}:${verb}${own}`));
const anyPatterns = fc.array(anyPattern, { maxLength: 4 });

function somebody(name: string, ...patterns: readonly string[]): Principal {
  return { ...NOBODY, kind: 'user', name, rights: rightsOf(patterns) };
}

describe('patterns', () => {
  it.each([
    ['*', PERMISSIONS.length],
    ['vm:*', 8],
    ['vm:read', 1],
    ['*:read', PERMISSIONS.filter((permission) => permission.endsWith(':read')).length],
  ])('%s stands for %i permissions on whatever there is', (pattern, count) => {
    const { all, own } = rightsOf([pattern]);

    expect(all.size).toBe(count);
    expect(own).toEqual(all);
  });

  it('with @own stand for what belongs to somebody alone, and for nothing of others', () => {
    const { all, own } = rightsOf(['*@own']);

    expect(all.size).toBe(0);
    expect([...own].every((permission) => OWNED_RESOURCES.has(partsOf(permission).resource))).toBe(true);
    expect(own.has('vm:delete')).toBe(true);
    expect(isPattern('image:build@own')).toBe(false);
  });

  it.each([
    '',
    'vm',
    'vm:',
    ':read',
    'vm:fly',
    'bird:read',
    'vm:read@all',
    '**',
    'vm:read ',
    'VM:read',
    '*:*:*',
    'a'.repeat(10_000),
  ])('%j is none', (pattern) => {
    expect(isPattern(pattern)).toBe(false);
    expect(rightsOf([pattern])).toEqual(NO_RIGHTS);
  });
});

describe('rights, whatever they are', () => {
  it('never allow on what is everybody’s what they do not allow on what is one’s own', () => {
    fc.assert(fc.property(anyPatterns, (patterns) => rightsOf(patterns).all.isSubsetOf(rightsOf(patterns).own)));
  });

  it('are never more for being restricted, and what restricts them covers the rest', () => {
    fc.assert(
      fc.property(anyPatterns, anyPatterns, (held, by) => {
        const rest = restrict(rightsOf(held), rightsOf(by));

        expect(covers(rightsOf(held), rest)).toBe(true);
        expect(covers(rightsOf(by), rest)).toBe(true);
      }),
    );
  });

  it('cover each other as the permissions do that they allow', () => {
    fc.assert(
      fc.property(anyPatterns, anyPatterns, (held, given) => {
        const somebodyElses = { owner: 'other' };
        const own = { owner: 'me' };
        const [holder, taker] = [somebody('me', ...held), somebody('me', ...given)];
        const isCovered = PERMISSIONS.every((permission) =>
          [somebodyElses, own].every(
            (resource) => !may(taker, permission, resource) || may(holder, permission, resource),
          ),
        );

        expect(covers(holder.rights, taker.rights)).toBe(isCovered);
      }),
    );
  });
});

describe('a principal', () => {
  it('may do to its own what it may not do to what is another’s', () => {
    const bird = somebody('bird', 'vm:*@own', 'image:read');

    expect(may(bird, 'vm:delete', { owner: 'bird' })).toBe(true);
    expect(may(bird, 'vm:delete', { owner: 'cat' })).toBe(false);
    expect(may(bird, 'vm:create')).toBe(true);
    expect(may(bird, 'image:read')).toBe(true);
    expect(may(bird, 'image:build')).toBe(false);
    expect(reachOf(bird, 'vm:read')).toBe('bird');
    expect(reachOf(somebody('cat', 'vm:read'), 'vm:read')).toBeNull();
  });

  it('that is the server may do all, and nobody nothing', () => {
    for (const permission of PERMISSIONS) {
      expect(may(SYSTEM, permission, { owner: 'bird' })).toBe(true);
      expect(may(NOBODY, permission, { owner: 'nobody' })).toBe(false);
    }
  });
});

describe('the built-in roles', () => {
  it('consist of patterns', () => {
    for (const patterns of Object.values(BUILT_IN_ROLES))
      expect(patterns.filter((pattern) => !isPattern(pattern))).toEqual([]);
  });

  it('form a ladder: whatever an operator or a member may do an administrator may do', () => {
    for (const patterns of Object.values(BUILT_IN_ROLES)) expect(covers(ALL_RIGHTS, rightsOf(patterns))).toBe(true);
  });

  it('let a viewer change nothing but its own sessions', () => {
    const { all, own } = rightsOf(BUILT_IN_ROLES.viewer);
    const changing = [...own].filter((permission) => !permission.endsWith(':read'));

    expect([...all].every((permission) => permission.endsWith(':read'))).toBe(true);
    expect(changing).toEqual(['session:delete']);
  });

  it('let nobody but an administrator at accounts and the audit', () => {
    for (const role of ['operator', 'viewer', 'member'] as const) {
      const { all } = rightsOf(BUILT_IN_ROLES[role]);

      expect([...all].filter((permission) => /^(user|role|audit|api-key|secret|session):/.test(permission))).toEqual(
        [],
      );
    }
  });
});
