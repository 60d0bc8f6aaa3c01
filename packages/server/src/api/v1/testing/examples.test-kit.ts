import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';

/** Makes what an example needs for itself, on the server that examples share. */
export interface Examples {
  readonly client: () => VolaryClient;
  /** A name that nothing has. */
  readonly freeName: () => string;
  /** A VM of its own, in this state. */
  readonly vm: (state: 'running' | 'stopped' | 'paused') => Promise<Ask>;
  /** A command that waits for input, in the VM that all know. Returns its id. */
  readonly runningCommand: () => Promise<string>;
  /** A snapshot of its own, complete. */
  readonly snapshot: () => Promise<Ask>;
}

export function createExamples(client: () => VolaryClient): Examples {
  let made = 0;
  const freeName = (): string => `own-${made++}`;
  return {
    client,
    freeName,
    async vm(state) {
      const name = freeName();
      const { id } = await client().vms.create({ name, start: state !== 'stopped' });
      await client().operations.finish(id);
      if (state === 'paused') await client().operations.finish((await client().vms.pause(name)).id);
      return { params: { ref: name } };
    },
    async runningCommand() {
      const { id } = await client().executions.detach('first', { argv: ['cat'], stdin: true, tty: true });
      return id;
    },
    async snapshot() {
      const { id, subject } = await client().snapshots.create('first');
      await client().operations.finish(id);
      return { params: { ref: subject.id ?? '' } };
    },
  };
}
