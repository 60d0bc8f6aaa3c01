import { type NetworkId, uuidOf } from '../ids.ts';

/** What names of bridges begin with. */
export const BRIDGE_PREFIX = 'vb';

/** What the bridge of a network is called on its host. The random end of a UUID of version 7 tells it from others. */
export function bridgeOf(id: NetworkId): string {
  return `${BRIDGE_PREFIX}${uuidOf(id).slice(-12)}`;
}
