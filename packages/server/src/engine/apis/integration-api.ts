import type { IncomingDelivery, IntegrationName, ReceivedDelivery, SlashCommand } from '../../domain/integrations.ts';
import type { Principal, RequestOrigin } from '../../domain/principal/principal.ts';
import type { Component } from '../../domain/system/component.ts';
import type { Once } from '../requests.ts';
import type { MessageApi } from './message-api.ts';

/** What integrations there are, and what they send. */
export interface IntegrationApi extends MessageApi {
  /** All there could be, in their order, with how each is now. */
  list(principal: Principal): Promise<readonly IntegrationStatus[]>;
  /**
   * Takes what the other side of an integration has sent: makes sure who it was, and keeps it as an event, once. A command is run by
   * `runCommand`, by the integration's own user, and answered within three seconds, whatever becomes of it. Nobody needs to have shown who asks: the
   * signature does. Resolves with the answer that the other side expects. Throws `not_found` integration.unknown, and as `IncomingEvents.handleEvent`.
   */
  receive(request: {
    readonly name: string;
    readonly delivery: IncomingDelivery;
    readonly origin: RequestOrigin;
    readonly runCommand: RunCommand;
  }): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Does what a command asks for, and says what came of it in a few lines of plain text. What it changes it changes `once`. What it throws is told to
 * who has asked.
 */
export type RunCommand = (
  principal: Principal,
  command: SlashCommand,
  options: Required<Once> & { readonly signal: AbortSignal },
) => Promise<string>;

export interface IntegrationStatus {
  readonly name: IntegrationName;
  /** Whether this server was told anything of it. */
  readonly isConfigured: boolean;
  /** Whether it has what shows who has sent something, and what shows who we are. */
  readonly takesDeliveries: boolean;
  readonly sends: boolean;
  readonly health: Component;
  /** What came last; null: nothing, or too long ago. */
  readonly lastDelivery: ReceivedDelivery | null;
}
