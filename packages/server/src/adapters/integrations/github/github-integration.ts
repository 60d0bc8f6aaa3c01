import type { Integration } from '../../../ports/integration.ts';
import { connected } from '../shared/connected.ts';

export interface GithubConfig {
  /** Null: nothing is sent. */
  readonly token: string | null;
  /** Null: nothing is taken. */
  readonly webhookSecret: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
}

export function createGithubIntegration(_config: GithubConfig): Integration {
  return connected({ name: 'github', incoming: null, outgoing: null });
}
