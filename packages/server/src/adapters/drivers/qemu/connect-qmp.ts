import { VolaryError } from '../../../domain/errors.ts';
import { connectSocket } from '../../shared/connect-socket.ts';
import { qmpClosed, qmpViolation } from './qmp/errors.ts';
import { QmpClient } from './qmp/qmp-client.ts';
import type { VmDirectory } from './vm-directory.ts';

/**
 * A client of the VM's control monitor or, where somebody else holds that one, of its rescue monitor; proven by its
 * UUID to be this VM's. Throws the last one's `unavailable` driver.qmp_*.
 */
export async function connectQmp(directory: VmDirectory, uuid: string): Promise<QmpClient> {
  try {
    return await connectTo(directory.controlSocketPath, uuid);
  } catch (error) {
    if (!(error instanceof VolaryError) || error.reason !== 'driver.qmp_held') throw error;
    return connectTo(directory.rescueSocketPath, uuid);
  }
}

async function connectTo(path: string, uuid: string): Promise<QmpClient> {
  const socket = await connectSocket(path).catch((error: unknown) => {
    throw qmpClosed(error);
  });
  const client = await QmpClient.open(socket);
  try {
    const answer = await client.execute('query-uuid', null);
    if (answer.UUID !== uuid) throw qmpViolation('the UUID of another machine');
    return client;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}
