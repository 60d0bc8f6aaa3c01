import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';

/** What is sent by integrations on request. */
export function mountIntegrationMessages(app: FastifyInstance, { engine: { integrations }, signals }: V1Context): void {
  mount(app, routes.createPullRequest, async ({ principal, body }, reply) => {
    const { repository, title, head, base, body: text = '', is_draft: isDraft = false } = body;
    const asked = { repository, title, head, base, body: text, isDraft };
    const { number, url } = await integrations.createPullRequest(principal, asked, { signal: signals.of(reply) });
    return await reply.code(201).send({ number, url });
  });

  mount(app, routes.createComment, async ({ principal, body }, reply) => {
    const { id, url } = await integrations.createComment(principal, body, { signal: signals.of(reply) });
    return await reply.code(201).send({ id, url });
  });

  mount(app, routes.postSlackMessage, async ({ principal, body }, reply) => {
    const posted = await integrations.postMessage(principal, 'slack', body, { signal: signals.of(reply) });
    return await reply.code(201).send({ id: posted.id, channel: posted.channel });
  });

  mount(app, routes.postDiscordMessage, async ({ principal, body }, reply) => {
    const posted = await integrations.postMessage(principal, 'discord', body, { signal: signals.of(reply) });
    return await reply.code(201).send({ id: posted.id, channel: posted.channel });
  });
}
