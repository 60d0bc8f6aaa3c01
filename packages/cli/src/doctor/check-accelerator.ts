import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Check, type Finding, fine } from './check.ts';
import { findProbedAccelerator } from './check-server.ts';

const DEVICE = '/dev/kvm';
const ID = 'accelerator';
const TITLE = 'Accelerator';

/**
 * What will run the guests' instructions. A /dev/kvm that opens may still not run a guest, so the server starts a probe
 * guest; where none has yet, this says what the device alone tells.
 */
export const checkAccelerator: Check = async (surroundings) => [
  (await findProbedAccelerator(surroundings).catch(() => null)) ?? (await lookAtDevice()),
];

async function lookAtDevice(): Promise<Finding> {
  const isThere = await access(DEVICE).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const fix =
      'VMs are emulated, which is slower; for KVM, enable virtualisation in the firmware, or nested virtualisation in the hypervisor';
    return { id: ID, title: TITLE, status: 'warn', detail: `there is no ${DEVICE}`, fix };
  }
  const isOurs = await access(DEVICE, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (isOurs)
    return fine(
      ID,
      TITLE,
      `${DEVICE} is there; whether a guest boots with it is found out when the server first starts one`,
    );
  const user = process.env['USER'] ?? '$USER';
  return {
    id: ID,
    title: TITLE,
    status: 'warn',
    detail: `${DEVICE} may not be opened by ${user}`,
    fix: `sudo usermod -aG kvm ${user}, then log in again`,
  };
}
