import { type GuestPort, type GuestPortPage, LIMITS, routes } from '@volary/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { GuestListener } from '../../domain/port/listener.ts';
import { mount, type RequestTo } from '../mount.ts';
import { acceptSocket, checkHandshake } from '../realtime/accept-socket.ts';
import { checkOrigin } from '../realtime/origin.ts';
import { createPortMessageReader, type PortMessageReader } from '../realtime/port-messages.ts';
import { joinPortSocket } from '../realtime/port-socket.ts';
import type { Upgrade } from '../realtime/upgrades.ts';
import type { V1Context } from './context.ts';

/** What listens in guests, and connections to it. */
export function mountPorts(app: FastifyInstance, context: V1Context): void {
  const { engine, signals, upgrades } = context;
  let readMessage: PortMessageReader | undefined;

  mount(app, routes.listPorts, async (request, reply): Promise<GuestPortPage> => {
    const listeners = await engine.ports.list(request.principal, request.params.ref, { signal: signals.of(reply) });
    return { items: listeners.map(toGuestPort), next_cursor: null };
  });

  mount(app, routes.connectToPort, async (request, reply) => {
    const upgrade = upgrades.of(request.raw);
    if (upgrade !== null) {
      readMessage ??= createPortMessageReader();
      await serveSocket(request, reply, upgrade, { ...context, readMessage });
      return reply;
    }
    const { ref } = request.params;
    const port = Number(request.params.port);
    await using connection = await engine.ports.connect(request.principal, ref, port, { signal: signals.of(reply) });
    await connection.end();
    return { port, accepts: true };
  });
}

async function serveSocket(
  request: RequestTo<typeof routes.connectToPort>,
  reply: FastifyReply,
  upgrade: Upgrade,
  context: V1Context & { readonly readMessage: PortMessageReader },
): Promise<void> {
  const { engine, signals, limits, log, allowedOrigins, readMessage } = context;
  checkOrigin(request, allowedOrigins);
  checkHandshake(upgrade);
  const { ref, port } = request.params;
  // What cannot be fulfilled is answered in HTTP, as long as that can be.
  const signal = signals.until(upgrade.socket);
  const connection = await engine.ports.connect(request.principal, ref, Number(port), { signal });
  reply.hijack();
  const { messageBytes } = LIMITS.portSocket;
  let isOpen = false;
  await acceptSocket(upgrade, { headers: reply.getHeaders(), messageBytes }, (raw) => {
    isOpen = true;
    const windowBytes = request.query.window ?? null;
    joinPortSocket({ raw, socket: upgrade.socket, connection }, { windowBytes, limits, signals, log, readMessage });
  });
  if (!isOpen) await connection[Symbol.asyncDispose]();
}

function toGuestPort({ protocol, address, port, isReachable }: GuestListener): GuestPort {
  return { protocol, address, port, reachable: isReachable };
}
