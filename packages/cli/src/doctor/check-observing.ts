import type { SystemHealth } from '@volary/contract';
import { VolaryApiError } from '@volary/sdk';
import { connectTo } from '../connect.ts';
import { findEndpoint } from '../endpoint.ts';
import { describeError } from '../report-error.ts';
import { findAnsweringServer } from '../server/start-server.ts';
import { type Check, type Finding, fine } from './check.ts';

/** What the server has of what is looked back at, and of what it is connected with, and what to do where something of it is not well. */
const PARTS: Readonly<Record<string, { readonly title: string; readonly fix: string }>> = {
  logs: { title: 'Logs', fix: 'what keeps them from being written is in the log of the server: see its start' },
  loki: { title: 'Grafana Loki', fix: 'set loki_url right, or have Loki answer there; lines wait meanwhile' },
  metrics: { title: 'Metrics', fix: 'what keeps them from being written is in the log of the server' },
  alerts: { title: 'Alerts', fix: 'volary system health shows what is wrong with the database' },
  github: { title: 'GitHub', fix: 'see why: volary integration ls; the token is integrations.github.token' },
  slack: { title: 'Slack', fix: 'see why: volary integration ls; the token is integrations.slack.bot_token' },
  discord: { title: 'Discord', fix: 'see why: volary integration ls; the token is integrations.discord.bot_token' },
  traces: {
    title: 'Traces',
    fix: 'is a receiver of OTLP over HTTP at OTEL_EXPORTER_OTLP_ENDPOINT (port 4318 as a rule), and does it take the key in OTEL_EXPORTER_OTLP_HEADERS?',
  },
};

/**
 * How logs, metrics, alerts, traces and integrations are, as the server says, if that of the data directory answers: for whoever sees nothing of them. It is asked
 * even where it takes no work: just then it is looked at.
 */
export const checkObserving: Check = async ({ context, dataDir }) => {
  if ((await findAnsweringServer(dataDir)) === null) return [];
  try {
    const client = await connectTo(await findEndpoint({ ...context.globals, dataDir }, context.env), context.env);
    return findingsOf(await client.system.health());
  } catch (error) {
    return [findingOfRefusal(error)];
  }
};

/** Of whoever is not told. Throws what no server and no setting brought about. */
function findingOfRefusal(error: unknown): Finding {
  const { message, hint, reason } = describeError(error, null);
  if (reason === 'cli.unexpected') throw error;
  const isForbidden = error instanceof VolaryApiError && error.status === 403;
  const fix = isForbidden ? 'ask with a key that may see the system: permission system:read' : hint;
  return { id: 'observing', title: 'Logs and metrics', status: 'warn', detail: message, fix };
}

/** Without traces it is said how they would come. */
export function findingsOf({ components }: Pick<SystemHealth, 'components'>): readonly Finding[] {
  const found = Object.entries(PARTS).flatMap(([id, { title, fix }]): readonly Finding[] => {
    const part = components.find(({ name }) => name === id);
    if (part === undefined || part.status === 'disabled') return [];
    const { status, why, detail } = part;
    if (status === 'ok') return [fine(id, title, detail ?? 'as it should be')];
    return [{ id, title, status: 'warn', detail: [why, detail].filter((text) => text !== null).join(' '), fix }];
  });
  const hasTraces = found.some(({ id }) => id === 'traces');
  return hasTraces ? found : [...found, fine('traces', 'Traces', 'none: OTEL_EXPORTER_OTLP_ENDPOINT is not set')];
}
