import type { Networks } from '../../ports/networks.ts';

/** Networks of guests that are simulated: nothing of the host's. */
export function createSimulatedNetworks(): Networks {
  return {
    whyNone: null,
    apply: async (_plan, { signal }) => signal.throwIfAborted(),
    portOf: (vmId) => ({ namespacePath: '/nowhere', tapName: vmId }),
  };
}
