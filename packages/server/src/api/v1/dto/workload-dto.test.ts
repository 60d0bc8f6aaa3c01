import {
  ACTION_METHODS,
  HEALTH_CHECK_TYPES,
  LIMITS,
  VM_HEALTHS,
  WORKLOAD_RESTARTS,
  WORKLOAD_STATES,
  WORKLOAD_TYPES,
  type WorkloadRequest,
} from '@volary/contract';
import { describe, expect, it } from 'vitest';
import * as vms from '../../../domain/vm/vm.ts';
import { ENVIRONMENT_LIMITS } from '../../../domain/workload/environment.ts';
import { HEALTH_CHECK_LIMITS } from '../../../domain/workload/health-check.ts';
import * as interfaces from '../../../domain/workload/interface.ts';
import { healthCheckWords, workloadWords } from '../../../domain/workload/words.ts';
import * as workloads from '../../../domain/workload/workload.ts';
import { toWorkloadSpec } from './workload-dto.ts';

const HTTP: WorkloadRequest = {
  type: 'http',
  entrypoint: ['serve'],
  args: ['--now'],
  base_url: 'http://localhost:8080/api',
  environment: { MODE: 'fast' },
  working_dir: '/srv',
  user: 'www-data',
  restart: 'on-failure',
  restart_delay_ms: 200,
  restart_max_delay_ms: 300,
};

describe('what runs in a VM, in /v1', () => {
  it('is shown as it can be asked for again', () => {
    const { workload = null } = toWorkloadSpec({ workload: HTTP });
    const shown = workloadWords(workload);

    expect(shown).toEqual({
      ...{ type: 'http', entrypoint: ['serve', '--now'], port: 8080, base_url: 'http://127.0.0.1:8080/api' },
      ...{ environment: { MODE: 'fast' }, working_dir: '/srv', user: 'www-data' },
      ...{ restart: 'on-failure', restart_delay_ms: 200, restart_max_delay_ms: 300 },
    });
  });

  it('has a check at the port of the workload, of this request or of what the VM has', () => {
    const check = { type: 'http', path: '/ok', expected_status: 204, interval_ms: 900 } as const;
    const asked = toWorkloadSpec({ workload: HTTP, health_check: check }).healthCheck ?? null;

    expect(healthCheckWords(asked)).toMatchObject({
      port: 8080,
      path: '/ok',
      expected_status: '204',
      interval_ms: 900,
    });
    const { workload = null } = toWorkloadSpec({ workload: HTTP });
    expect(toWorkloadSpec({ health_check: check }, workload).healthCheck).toEqual(asked);
    expect(() => toWorkloadSpec({ health_check: check })).toThrow(
      expect.objectContaining({ details: { field: 'health_check.port' } }),
    );
  });

  it.each([
    ['/spec.json', { kind: 'path', path: '/spec.json' }],
    ['https://example.com/a.json', { kind: 'url', url: 'https://example.com/a.json' }],
    [{ openapi: '3.1.0' }, { kind: 'document', document: { openapi: '3.1.0' } }],
    [null, null],
  ])('takes an OpenAPI document from %j', (openapi, source) => {
    expect(toWorkloadSpec({ openapi }).openapi).toEqual(source);
  });

  it('leaves alone what was not asked for', () => {
    expect(toWorkloadSpec({})).toEqual({});
  });

  it('has the words of the domain', () => {
    expect([...WORKLOAD_TYPES]).toEqual([...workloads.WORKLOAD_TYPES]);
    expect([...WORKLOAD_RESTARTS]).toEqual([...workloads.WORKLOAD_RESTARTS]);
    expect([...WORKLOAD_STATES]).toEqual([...workloads.WORKLOAD_STATES]);
    expect([...VM_HEALTHS]).toEqual([...vms.VM_HEALTHS]);
    expect([...ACTION_METHODS]).toEqual([...interfaces.ACTION_METHODS]);
    expect([...HEALTH_CHECK_TYPES]).toEqual(['http', 'tcp', 'exec']);
  });

  it('has the bounds of the domain', () => {
    expect(LIMITS.environment).toEqual(ENVIRONMENT_LIMITS);
    expect(LIMITS.workload).toEqual(workloads.WORKLOAD_LIMITS);
    expect(LIMITS.healthCheck).toEqual(HEALTH_CHECK_LIMITS);
    expect(LIMITS.actions.timeoutMs).toEqual(interfaces.INTERFACE_LIMITS.actionTimeoutMs);
    expect(LIMITS.actions.count).toBe(interfaces.INTERFACE_LIMITS.actions);
    expect(LIMITS.openapi.givenBytes).toBe(interfaces.INTERFACE_LIMITS.openapiBytes);
  });
});
