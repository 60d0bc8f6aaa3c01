import { VolaryError } from '../../../../../domain/errors.ts';
import type { QmpClient } from '../../qmp/qmp-client.ts';

const ANSWER = /^Host virtual address for 0x[0-9a-f]+ \(.*\) is (0x[0-9a-f]+)\s*$/;

/** Where the VMM has the guest's memory that begins at this address of the guest's, which is one piece whatever the guest sees. Throws `unavailable` driver.qmp_*, driver.save_failed. */
export async function addressOfMemory(client: QmpClient, guestAddress: number): Promise<bigint> {
  const answer = await client.execute('human-monitor-command', { 'command-line': `gpa2hva ${guestAddress}` });
  const address = ANSWER.exec(answer)?.[1];
  if (address !== undefined) return BigInt(address);
  throw new VolaryError('unavailable', 'The machine could not be saved.', {
    reason: 'driver.save_failed',
    context: { answer },
  });
}
