import type { Event } from './events.ts';
import type { JsonObject } from './json.ts';
import type { EpochMs } from './time.ts';

/** Where people and programs work whom this server listens to, and whom it tells. */
export const INTEGRATION_NAMES = ['github', 'slack', 'discord'] as const;
export type IntegrationName = (typeof INTEGRATION_NAMES)[number];

/** Where a notification goes to. */
export type NotificationTarget =
  | {
      readonly integration: 'github';
      /** `owner/name`. */
      readonly repository: string;
      /** Of an issue or a pull request. */
      readonly issue: number;
    }
  | {
      readonly integration: 'slack' | 'discord';
      /** Id of the channel. */
      readonly channel: string;
    };

/** Tells people elsewhere of an event. */
export interface Notification {
  /** The same each time that one is sent again. */
  readonly id: string;
  readonly event: Event;
  /** What is told: plain text of one line, of which nothing has a meaning of its own at the other side. */
  readonly text: string;
  readonly target: NotificationTarget;
}

/** A request from outside, before anybody knows who has sent it. */
export interface IncomingDelivery {
  /** By their names in lower case; of several with one name the first. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came: what is signed are its bytes. */
  readonly body: Uint8Array;
}

/** Something that has happened elsewhere, as its signature shows. */
export interface IntegrationEvent {
  readonly integration: IntegrationName;
  /** By which it is known when it comes again; at most 200 characters. */
  readonly deliveryId: string;
  /** Of what was signed, where a signature is good for ever: SHA-256 in hexadecimal; null where an old one is not accepted. */
  readonly digest: string | null;
  /** In the other side's words: `pull_request`, `app_mention`, `slash_command`. */
  readonly kind: string;
  /** What was done, where it says so: `opened`. */
  readonly action: string | null;
  /** What is kept of it; a few KiB at most. */
  readonly summary: JsonObject;
}

/** A field that was filled in: its value is one, whatever stands in it. */
export interface CommandOption {
  readonly name: string;
  readonly value: string;
}

/** Something that somebody has asked for in a chat: `/aetherium-vm-create name=web`. */
export interface SlashCommand {
  /** Without the slash. */
  readonly name: string;
  /** What was written behind it. */
  readonly text: string;
  /** What was filled in, where the other side has fields for that: 25 of 1,000 characters at most. */
  readonly options: readonly CommandOption[];
  /** Who has, and where, in the other side's ids. */
  readonly userId: string;
  readonly channelId: string | null;
}

/** What came in. */
export type Incoming =
  /** Somebody looks whether we are here: nothing has happened. */
  | { readonly kind: 'handshake'; readonly challenge: string | null }
  | { readonly kind: 'event'; readonly event: IntegrationEvent }
  | { readonly kind: 'command'; readonly event: IntegrationEvent; readonly command: SlashCommand };

/** What somebody who has sent a command is told. */
export interface CommandReply {
  /** Plain text of few lines; nothing in it has a meaning of its own. */
  readonly text: string;
}

/** How a connection is, measured. */
export interface IntegrationHealth {
  /** Why it is not well, as a sentence that anybody may read; null: it is. */
  readonly why: string | null;
  /** What else there is to be said of it; null: nothing. */
  readonly detail: string | null;
}

/** That something has come in and was processed: it is not processed again. */
export interface ReceivedDelivery
  extends Pick<IntegrationEvent, 'integration' | 'deliveryId' | 'digest' | 'kind' | 'action'> {
  readonly receivedAt: EpochMs;
}
