import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { routes } from './routes.ts';
import { createRunCommand } from './slash-commands.ts';

/**
 * What integrations send. In an app of its own, where a body stays as it came, whatever it is: its bytes are signed, and nothing in it is believed
 * before.
 */
export async function mountWebhooks(app: FastifyInstance, { engine, limits }: FaceContext): Promise<void> {
  const runCommand = createRunCommand(engine);
  await app.register((raw, _options, ready) => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.jsonBytes }, (_request, body, done) => {
      done(null, body);
    });
    mount(raw, routes.receiveWebhook, async (request) => {
      const { params, body, origin } = request;
      const delivery = { headers: headersOf(request), body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
      return await engine.integrations.receive({ name: params.integration, delivery, origin, runCommand });
    });
    ready();
  });
}

/** Of several with one name the first counts, as none that matters may be there twice. */
function headersOf({ headers }: FastifyRequest): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
