import type { OperationName } from '@volary/contract';
import type { Case } from './routes.test-kit.ts';

/** What has to be shown of the routes of ports, as requests that are no handshakes. */
export function portCases(): Readonly<Record<Extract<OperationName, 'listPorts' | 'connectToPort'>, Case>> {
  return {
    listPorts: {
      ask: () => ({ params: { ref: 'first' } }),
      status: 200,
      failing: { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' },
    },
    connectToPort: {
      ask: () => ({ params: { ref: 'first', port: '7' } }),
      status: 200,
      failing: { ask: { params: { ref: 'first', port: '9' } }, status: 409, reason: 'port.refused' },
    },
  };
}
