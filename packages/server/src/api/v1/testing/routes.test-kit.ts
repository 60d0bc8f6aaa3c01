import type { Ask } from '../../testing/send.ts';

/* What is asked of routes in vain, and what is shown of each. */

interface Failing {
  readonly ask: Ask;
  readonly status: number;
  readonly reason: string;
}

/** A request, to another server than the one all share where it says so. */
type Example = Ask & { readonly url?: string };

/** What has to be shown of each route: an example that works, and one that does not. */
export interface Case {
  /** Prepares what the example needs. */
  readonly ask: () => Example | Promise<Example>;
  readonly status: number;
  readonly failing: Failing;
}

const NOBODY = 'vm_01kahx6z4qf8r9y6m3s2t1v0wq';
export const NO_EXECUTION = 'exec_01kahx6z4sf8r9y6m3s2t1v0ws';
export const NO_OPERATION = 'op_01kahx6z4rf8r9y6m3s2t1v0wr';
export const NO_SNAPSHOT = 'snap_01kahx6z4yf8r9y6m3s2t1v0wy';
const NO_WEBHOOK = 'hook_01kahx6z4wf8r9y6m3s2t1v0ww';
export const RUNNING = { params: { ref: 'first' } };
export const UNKNOWN_WEBHOOK: Failing = { ask: { params: { id: NO_WEBHOOK } }, status: 404, reason: 'webhook.unknown' };
export const UNKNOWN_SNAPSHOT: Failing = {
  ask: { params: { ref: NO_SNAPSHOT } },
  status: 404,
  reason: 'snapshot.unknown',
};
export const NOT_RUNNING: Failing = { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' };
export const UNKNOWN_VM: Failing = { ask: { params: { ref: NOBODY } }, status: 404, reason: 'vm.unknown' };

const NO_USER = 'usr_01kahx6z4zf8r9y6m3s2t1v0wz';
const NO_KEY = 'key_01kahx6z50f8r9y6m3s2t1v0x0';
export const UNKNOWN_USER: Failing = { ask: { params: { ref: NO_USER } }, status: 404, reason: 'user.unknown' };
export const UNKNOWN_ROLE: Failing = { ask: { params: { name: 'no-role' } }, status: 404, reason: 'role.unknown' };
export const UNKNOWN_KEY: Failing = { ask: { params: { id: NO_KEY } }, status: 404, reason: 'api_key.unknown' };
export const UNAUTHENTICATED: Failing = {
  ask: { headers: { authorization: 'Basic x' } },
  status: 401,
  reason: 'auth.key_missing',
};

export const unknownFile = (extra: object = {}): Failing => ({
  ask: { ...RUNNING, query: { path: '/no/such/file' }, ...extra },
  status: 404,
  reason: 'guest.no_such_file',
});
