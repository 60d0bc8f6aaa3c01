import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type VolumeRoute = Extract<OperationName, `${string}Volume${'' | 's'}`>;

/** What has to be shown of the routes of volumes. */
export function volumeCases(client: () => VolaryClient): Readonly<Record<VolumeRoute, Case>> {
  let made = 0;
  const volume = () => ({ name: `vol-${++made}`, size_gib: 1, labels: { team: 'blue' } });
  const own = async (): Promise<Ask> => {
    const { id, subject } = await client().volumes.create(volume());
    await client().operations.finish(id);
    return { params: { ref: subject.id ?? '' } };
  };
  const stopped = async (): Promise<string> => {
    const { id, subject } = await client().vms.create({ name: `with-vol-${++made}`, start: false });
    await client().operations.finish(id);
    return subject.id ?? '';
  };
  const failing = { ask: { params: { ref: 'unknown' } }, status: 404, reason: 'volume.unknown' } as const;
  return {
    createVolume: {
      ask: () => ({ body: volume() }),
      status: 202,
      failing: { ask: { body: { name: 'sizeless' } }, status: 400, reason: 'volume.size_needed' },
    },
    listVolumes: {
      ask: () => ({ query: { limit: 1, selector: 'team=blue' } }),
      status: 200,
      failing: { ask: { query: { selector: 'a in' } }, status: 400, reason: 'selector.invalid' },
    },
    getVolume: { ask: own, status: 200, failing },
    updateVolume: {
      ask: async () => ({ ...(await own()), body: { labels: { team: 'red' } } }),
      status: 200,
      failing: { ...failing, ask: { ...failing.ask, body: {} } },
    },
    attachVolume: {
      ask: async () => ({
        params: { ref: await stopped() },
        body: { volume: String((await own()).params?.['ref']), disk: 'data' },
      }),
      status: 200,
      failing: {
        ask: { params: { ref: 'first' }, body: { volume: 'unknown' } },
        status: 404,
        reason: 'volume.unknown',
      },
    },
    detachVolume: {
      ask: async () => {
        const ref = await stopped();
        await client().volumes.attach(ref, { volume: String((await own()).params?.['ref']), disk: 'data' });
        return { params: { ref, disk: 'data' } };
      },
      status: 200,
      failing: { ask: { params: { ref: 'first', disk: 'none' } }, status: 404, reason: 'volume.not_attached' },
    },
    deleteVolume: { ask: own, status: 202, failing },
  };
}
