import type { Operation } from '../domain/operation/operation.ts';
import type { CreateVmRequest } from '../domain/vm/vm-request.ts';
import { ADMIN, type TestServer } from './installation.test-kit.ts';

/** How long a test waits for anything. Each use has a signal of its own, which ends what has no time limit besides; a loop that looks again takes `until`. */
export const soon = {
  timeoutMs: 20_000,
  get signal(): AbortSignal {
    return AbortSignal.timeout(60_000);
  },
};

export function request(name: string, labels: Record<string, string> = {}, start = true): CreateVmRequest {
  return { name, spec: {}, labels, metadata: {}, start, warmStart: 'auto' };
}

export async function finish({ engine }: TestServer, operation: Operation): Promise<Operation> {
  return await engine.operations.wait(ADMIN, operation.id, soon);
}

export async function create(
  server: TestServer,
  name: string,
  labels: Record<string, string> = {},
): Promise<Operation> {
  const { operation } = await server.engine.vms.create(ADMIN, request(name, labels));
  return await finish(server, operation);
}
