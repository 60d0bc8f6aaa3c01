import { connectTo } from '../connect.ts';
import { findEndpoint } from '../endpoint.ts';
import { findRunningServer } from '../server/start-server.ts';
import { type Check, fine } from './check.ts';

const TITLE = 'Grafana Loki';

/** Whether the Loki that the running server hands its log over to takes it; nothing where it has none. */
export const checkLoki: Check = async ({ context, dataDir }) => {
  if ((await findRunningServer(dataDir)) === null) return [];
  const client = await connectTo(await findEndpoint({ ...context.globals, dataDir }, context.env), context.env);
  const { components } = await client.system.health();
  const loki = components.find(({ name }) => name === 'loki');
  if (loki === undefined || loki.status === 'disabled') return [];
  if (loki.why === null) return [fine('loki', TITLE, 'takes the log')];
  const fix = 'set loki_url right, or have Loki answer there; lines wait meanwhile';
  return [{ id: 'loki', title: TITLE, status: 'warn', detail: loki.why, fix }];
};
