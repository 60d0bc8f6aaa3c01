import type { Integration } from '../../../ports/integration.ts';
import { connected } from '../shared/connected.ts';

export interface DiscordConfig {
  /** Null: nothing is sent. */
  readonly botToken: string | null;
  /** An Ed25519 key, 64 hexadecimal digits. Null: nothing is taken. */
  readonly publicKey: string | null;
  /** Of whom commands are taken; null: of whoever the key is. */
  readonly applicationId: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
}

export function createDiscordIntegration(_config: DiscordConfig): Integration {
  return connected({ name: 'discord', incoming: null, outgoing: null });
}
