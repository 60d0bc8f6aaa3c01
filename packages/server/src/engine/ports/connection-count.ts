import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';

/** Of one guest at a time. An agent has 256 streams, and commands, files and health checks need theirs. */
const MOST_CONNECTIONS = 200;

/** Counts the connections into each guest. */
export interface ConnectionCount {
  /** One more, until the returned function is called, once. Throws `resource_exhausted` port.too_many. */
  enter(vm: Vm): () => void;
}

export function createConnectionCount(): ConnectionCount {
  const counts = new Map<VmId, number>();
  return {
    enter({ id, name }) {
      const before = counts.get(id) ?? 0;
      if (before >= MOST_CONNECTIONS) {
        throw new VolaryError(
          'resource_exhausted',
          `${name} has ${MOST_CONNECTIONS} connections to its ports, which is all that one VM can have.`,
          { reason: 'port.too_many', details: { maximum: MOST_CONNECTIONS } },
        );
      }
      counts.set(id, before + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (counts.get(id) ?? 1) - 1;
        if (left > 0) counts.set(id, left);
        else counts.delete(id);
      };
    },
  };
}
