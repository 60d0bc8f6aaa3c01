import { type Check, type Finding, fine } from './check.ts';
import { findProbedAccelerator } from './check-server.ts';
import { findKvmFault, KVM_DEVICE } from './kvm-device.ts';

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
  const fault = await findKvmFault();
  if (fault !== null) return { id: ID, title: TITLE, status: 'warn', ...fault };
  const detail = `${KVM_DEVICE} is there; whether a guest boots with it is found out when the server first starts one`;
  return fine(ID, TITLE, detail);
}
