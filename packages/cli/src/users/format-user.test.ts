import type { Me } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { formatMe } from './format-user.ts';

const ANN: Me = {
  user: {
    ...{ id: 'usr_1', name: 'ann', email: null, display_name: '', roles: ['member'], state: 'active', source: 'local' },
    ...{ has_password: false, mfa_enabled: false, quota: null, labels: {}, last_login_at: null },
    ...{ created_at: '2026-01-31T12:00:00Z', updated_at: '2026-01-31T12:00:00Z' },
  },
  credential: { kind: 'api_key', id: 'key_1' },
  permissions: [],
};

describe('who asks', () => {
  it('may do something on a line for each resource, and nothing on none', () => {
    const text = formatMe({ ...ANN, permissions: ['image:read', 'vm:read@own', 'vm:exec@own', 'image:build'] });

    expect(text).toBe(
      [
        'user    ann',
        'email   -',
        'roles   member',
        'by      api key key_1',
        'may     image:read image:build',
        '        vm:read@own vm:exec@own',
        '',
      ].join('\n'),
    );
    expect(formatMe(ANN)).toMatch(/^may$/m);
  });
});
