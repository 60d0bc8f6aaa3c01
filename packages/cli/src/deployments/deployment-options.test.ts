import { describe, expect, it } from 'vitest';
import { deploymentRequest, parseAmount, parseBounds } from './deployment-options.ts';

describe('the options of a deployment', () => {
  it('become a request with what was said, and nothing else', () => {
    expect(deploymentRequest({})).toEqual({});
    expect(
      deploymentRequest({
        replicas: 3,
        template: 'web@2',
        memory: 512,
        maxSurge: '25%',
        minReady: 1_500,
        autoscale: { min_replicas: 2, max_replicas: 4 },
        target: 50,
      }),
    ).toEqual({
      replicas: 3,
      strategy: { max_surge: '25%', min_ready_seconds: 2 },
      autoscaling: { min_replicas: 2, max_replicas: 4, target_percent: 50 },
      replica: { template: 'web@2', memory_mib: 512 },
    });
    expect(deploymentRequest({ autoscale: 'off' })).toEqual({ autoscaling: null });
    expect(() => deploymentRequest({ target: 50 })).toThrow('--autoscale');
  });

  it('are counts, percentages and bounds', () => {
    expect(parseAmount('2')).toBe(2);
    expect(parseAmount('25%')).toBe('25%');
    expect(parseBounds('2-8')).toEqual({ min_replicas: 2, max_replicas: 8 });
    expect(parseBounds('off')).toBe('off');
    for (const wrong of ['x', '-1', '101%']) expect(() => parseAmount(wrong)).toThrow('percentage');
    expect(() => parseBounds('2')).toThrow('2-8');
  });
});
