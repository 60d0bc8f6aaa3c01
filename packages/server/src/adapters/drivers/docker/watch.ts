import { createInterface } from 'node:readline';
import { parseId, type VmId } from '../../../domain/ids.ts';
import type { Log } from '../../../ports/log.ts';
import { createHintQueue } from '../../shared/hint-queue.ts';
import { sleep } from '../../shared/sleep.ts';
import { fieldsOf, LABELS, listContainers } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';

const CAPACITY = 65_536;
const CHANGES = ['start', 'die', 'oom', 'pause', 'unpause', 'destroy'];
/** Between two looks for an engine that is not there. */
const PAUSE_MS = 5_000;

/**
 * Tells of our containers that something has happened to them, as the engine tells it. What happened while the engine could not be listened
 * to nobody knows: then all of them are told of.
 */
export async function* watchContainers(
  client: EngineClient,
  {
    installationId,
    listKept,
    log,
    signal,
  }: {
    readonly installationId: string;
    /** VMs of which something is kept here, with a container or without. */
    readonly listKept: () => Promise<readonly VmId[]>;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): AsyncIterable<VmId> {
  const hints = createHintQueue<VmId>({ capacity: CAPACITY, signal });
  const listening = listen().finally(() => hints.end());
  yield* hints;
  await listening;

  async function listen(): Promise<void> {
    while (!signal.aborted) {
      try {
        await listenOnce();
      } catch (error) {
        if (!signal.aborted) log.debug('the Docker Engine is not listened to', { error });
      }
      // Aborted, it rejects; then there is nothing more to be done.
      await sleep(PAUSE_MS, signal).catch(() => undefined);
    }
  }

  async function listenOnce(): Promise<void> {
    const filters = JSON.stringify({
      type: ['container'],
      event: CHANGES,
      label: [`${LABELS.installation}=${installationId}`],
    });
    const path = `/events?filters=${encodeURIComponent(filters)}`;
    const answer = await client.stream({ method: 'GET', path, isFollowed: true }, { signal });
    if (answer === null) return;
    const containers = await listContainers(client, { installationId }, { signal });
    for (const vmId of new Set([...containers.map((each) => each.vmId), ...(await listKept())])) hints.push(vmId);
    for await (const line of createInterface({ input: answer })) {
      const attributes = fieldsOf(fieldsOf(fieldsOf(JSON.parse(line))['Actor'])['Attributes']);
      const vmId = parseId('vm', String(attributes[LABELS.vm]));
      if (vmId !== null) hints.push(vmId);
    }
  }
}
