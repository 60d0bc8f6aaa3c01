import type { FastifyInstance } from 'fastify';
import type { RequestSignals } from './request-signals.ts';

/**
 * Makes `app.close()` end all connections within `stopMs`, and none before its answer is complete as far as that allows.
 *
 * Node closes the connections that are idle at the moment it begins to close. One that is busy then would be kept alive
 * after its answer, and the server with it, for as long as the caller likes.
 */
export function closeInTime(app: FastifyInstance, signals: RequestSignals, stopMs: number): void {
  app.addHook('preClose', (done) => {
    signals.stop();
    const overtime = setTimeout(() => app.server.closeAllConnections(), stopMs);
    overtime.unref();
    app.server.once('close', () => clearTimeout(overtime));
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    if (signals.isStopping) request.raw.socket.destroySoon();
    done();
  });
}
