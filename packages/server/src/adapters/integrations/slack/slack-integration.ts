import type { Integration } from '../../../ports/integration.ts';
import { connected } from '../shared/connected.ts';

export interface SlackConfig {
  /** Null: nothing is sent. */
  readonly botToken: string | null;
  /** Null: nothing is taken. */
  readonly signingSecret: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
}

export function createSlackIntegration(_config: SlackConfig): Integration {
  return connected({ name: 'slack', incoming: null, outgoing: null });
}
