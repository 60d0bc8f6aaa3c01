import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, type Event, type EventType } from './events.ts';
import { notificationText } from './notification-text.ts';

function eventOf(type: EventType, data: Event['data'] = {}, subject = 'subject_1'): Event {
  return { ...{ sequence: 1, at: 0, subject, vmId: 'vm_1', owner: null, operationId: null }, type, data };
}

describe('what is told of an event', () => {
  it.each<[EventType, Event['data'], string | null, string]>([
    ['vm.started', { name: 'web', ip: '10.0.0.2' }, 'web', 'VM web has started: 10.0.0.2'],
    ['vm.started', { name: 'web', ip: null }, 'web', 'VM web has started.'],
    [
      'vm.failed',
      { name: 'web', reason: 'vm.io_error', message: 'The disk is full.' },
      'web',
      'VM web has failed: The disk is full.',
    ],
    ['vm.deleted', { name: 'web' }, null, 'VM web was deleted.'],
    [
      'vm.health_changed',
      { name: 'web', old_status: 'healthy', status: 'unhealthy', message: 'GET / answered 500.' },
      'web',
      'VM web has another health: unhealthy, before healthy; GET / answered 500.',
    ],
    ['vm.updated', { name: 'web', changed: ['vcpus', 'labels'] }, 'web', 'VM web was changed: vcpus, labels'],
    [
      'execution.completed',
      { program: 'npm', exit_code: 1, signal: null },
      'web',
      'Command npm in VM web has ended: exit code 1',
    ],
    [
      'execution.completed',
      { program: 'npm', exit_code: null, signal: 'SIGKILL' },
      'web',
      'Command npm in VM web has ended: ended by SIGKILL',
    ],
    [
      'execution.completed',
      { program: 'npm', exit_code: 0 },
      null,
      'Command npm in a VM that is gone has ended: exit code 0',
    ],
    ['workload.exited', { exit_code: 3 }, 'web', 'The workload of VM web has ended: exit code 3'],
    [
      'operation.failed',
      { kind: 'vm.create', subject: 'web', message: 'No room.' },
      'web',
      'Operation vm.create of web has failed: No room.',
    ],
    [
      'alert.fired',
      { kind: 'cpu', name: 'web', message: 'Its processors are busy 99 % of the time.' },
      'web',
      'Alert cpu of VM web fires: Its processors are busy 99 % of the time.',
    ],
    [
      'deployment.replica_failed',
      { name: 'shop', message: 'It crashes.' },
      null,
      'Deployment shop has lost a replica: It crashes.',
    ],
    ['security_group.deleted', { name: 'lan' }, null, 'Security group lan was deleted.'],
    ['image.built', {}, null, 'Image subject_1 was built.'],
    ['server.started', {}, null, 'The server has started.'],
    ['webhook.test', { description: 'Ops' }, null, 'This is a test.'],
  ])('%s, %j', (type, data, vmName, text) => {
    expect(notificationText(eventOf(type, data), vmName)).toBe(text);
  });

  it('is one short line that can be seen, whatever happened and whoever wrote it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EVENT_TYPES),
        fc.dictionary(
          fc.constantFrom('name', 'message', 'program', 'kind', 'status', 'old_status'),
          fc.string({ unit: 'binary', maxLength: 3_000 }),
        ),
        fc.option(fc.string({ unit: 'binary' })),
        (type, data, vmName) => {
          const text = notificationText(eventOf(type, data), vmName);

          expect([...text].length).toBeLessThanOrEqual(900);
          expect(text).not.toMatch(/[\n\r\t]/);
          expect(notificationText(eventOf(type, data), 'web')).not.toMatch(/\p{C}/u);
        },
      ),
      { numRuns: 300 },
    );
  });
});
