import { describe, expect, it } from 'vitest';
import { busContract } from '../../ports/bus.contract.ts';
import type { Log } from '../../ports/log.ts';
import { createMemoryBus } from './memory-bus.ts';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

busContract({ name: 'the bus in memory', make: () => createMemoryBus({ log: SILENT }) });

describe('the bus in memory', () => {
  it('writes a listener’s fault to the log', async () => {
    const faults: unknown[] = [];
    const bus = createMemoryBus({ log: { ...SILENT, error: (_message, fields) => faults.push(fields) } });
    const error = new Error('bad listener');
    const told = Promise.withResolvers<string>();
    bus.subscribe('vm', () => {
      throw error;
    });
    bus.subscribe('vm', told.resolve);

    bus.publish('vm', 'vm_1');

    expect(await told.promise).toBe('vm_1');
    expect(faults).toEqual([{ topic: 'vm', key: 'vm_1', error }]);
  });

  it('does not run listeners within the publisher’s own code', async () => {
    const bus = createMemoryBus({ log: SILENT });
    const order: string[] = [];
    const told = Promise.withResolvers<void>();
    bus.subscribe('vm', () => {
      order.push('listener');
      told.resolve();
    });

    bus.publish('vm', 'vm_1');
    order.push('publisher');

    await told.promise;
    expect(order).toEqual(['publisher', 'listener']);
  });
});
