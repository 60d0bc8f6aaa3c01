import type { IntegrationName } from '../../domain/integrations.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { OutgoingMessages } from '../../ports/integration.ts';
import { authorise } from '../access/authorise.ts';
import type { MessageApi } from '../apis/message-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { outgoingOf } from './outgoing.ts';

type MessageDeps = Pick<EngineDeps, 'store' | 'clock' | 'integrations'>;

/** What sends by integrations on request. */
export function createMessageApi(deps: MessageDeps): MessageApi {
  /** Written down before it is sent: what is there cannot be taken back. Where it goes is told, what it says is not. */
  async function send<Part, Result>(
    principal: Principal,
    { name, to }: { readonly name: IntegrationName; readonly to: JsonObject },
    partOf: (outgoing: OutgoingMessages) => Part | null,
    work: (part: Part) => Promise<Result>,
  ): Promise<Result> {
    authorise(principal, 'integration:send');
    const part = partOf(outgoingOf(deps, name));
    if (part === null) throw new TypeError(`${name} has nothing of that kind`);
    const target = auditTarget('integration', { name });
    await recordAudit(deps.store, deps.clock, principal, { action: 'integration.send', target, details: to });
    return await work(part);
  }

  return {
    createPullRequest: (principal, request, options) => {
      const { repository, head, base } = request;
      const place = { name: 'github', to: { what: 'pull-request', repository, head, base } } as const;
      return send(
        principal,
        place,
        ({ repositories }) => repositories,
        (repositories) => repositories.createPullRequest(request, options),
      );
    },
    createComment: (principal, request, options) => {
      const { repository, issue } = request;
      const place = { name: 'github', to: { what: 'comment', repository, issue } } as const;
      return send(
        principal,
        place,
        ({ repositories }) => repositories,
        (repositories) => repositories.comment(request, options),
      );
    },
    postMessage: (principal, name, request, options) =>
      send(
        principal,
        { name, to: { what: 'message', channel: request.channel } },
        ({ channels }) => channels,
        (channels) => channels.postMessage(request, options),
      ),
  };
}
