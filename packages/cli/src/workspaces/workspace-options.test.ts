import { describe, expect, it } from 'vitest';
import { workspaceRequest } from './workspace-options.ts';

describe('the options of a workspace', () => {
  it('become a request with what was said, and nothing else', () => {
    expect(workspaceRequest('desk', {})).toEqual({ name: 'desk' });
    expect(
      workspaceRequest('desk', {
        template: 'base',
        provider: 'docker',
        ttl: 7_200,
        repo: 'https://example.com/shop',
        ref: 'main',
        prep: ['make a, b', 'make c'],
        prepTimeout: 1_500,
        memory: 512,
        env: { A: 'b' },
      }),
    ).toEqual({
      name: 'desk',
      template: 'base',
      provider: 'docker',
      ttl_seconds: 7_200,
      repo_url: 'https://example.com/shop',
      repo_ref: 'main',
      prep_steps: [
        { command: 'make a, b', timeout_seconds: 2 },
        { command: 'make c', timeout_seconds: 2 },
      ],
      memory_mib: 512,
      environment: { A: 'b' },
    });
  });

  it('go together', () => {
    expect(() => workspaceRequest('desk', { ref: 'main' })).toThrow('--repo');
    expect(() => workspaceRequest('desk', { directory: '/srv' })).toThrow('--repo');
    expect(() => workspaceRequest('desk', { prepTimeout: 1 })).toThrow('--prep');
  });
});
