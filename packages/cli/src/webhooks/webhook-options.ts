import { readFileSync } from 'node:fs';
import type {
  CreateWebhookRequest,
  Event,
  NotificationTarget,
  ReplayWebhookRequest,
  UpdateWebhookRequest,
} from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../errors.ts';
import { collectList, collectPairs, parseCount } from '../parse-values.ts';
import { parseTarget } from './parse-target.ts';

export interface SettingOptions {
  readonly type?: readonly Event['type'][];
  readonly to?: NotificationTarget;
  readonly vm?: string;
  readonly description?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly secretFile?: string;
  readonly disabled?: true;
  readonly url?: string;
  readonly rotateSecret?: true;
  readonly enable?: true;
  readonly disable?: true;
}

export interface ReplayOptions {
  readonly after?: number;
  readonly sequence?: readonly number[];
  readonly delivery?: string;
}

/** The settings that `create` and `update` have in common. A secret is read from a file: others can see a command line. */
export function addSettingOptions(command: Command): Command {
  return command
    .option(
      '--type <types>',
      'only these types, for example vm.started,vm.failed (update: `all` removes the filter)',
      collectList,
    )
    .option('--to <target>', 'send messages to slack:CHANNEL, discord:CHANNEL or github:OWNER/NAME#ISSUE', parseTarget)
    .option('--vm <vm>', 'only events of this VM (update: `any` removes the filter)')
    .option('--description <text>', 'for people')
    .option('-l, --label <key=value>', 'a label; may be repeated (update: replaces all its labels)', collectPairs)
    .option('--secret-file <file>', 'file with the secret to sign with (default: a new one is made)');
}

export function addReplayOptions(command: Command): Command {
  return command
    .option('--after <sequence>', 'all events after this one, in order', parseCount(0))
    .option('--sequence <sequences>', 'these events, such as 12,15; may be repeated', collectSequences)
    .option('--delivery <id>', 'the event of this delivery, also if it was given up');
}

export function toCreateRequest(url: string | undefined, options: SettingOptions): CreateWebhookRequest {
  const { to, type, vm, description, label, secretFile, disabled } = options;
  if ((url === undefined) === (to === undefined)) throw usageError('It is either a URL or --to.');
  return {
    ...(url === undefined ? {} : { url }),
    ...(to === undefined ? {} : { target: to }),
    ...(type === undefined ? {} : { types: [...type] }),
    ...(vm === undefined ? {} : { vm }),
    ...(description === undefined ? {} : { description }),
    ...(label === undefined ? {} : { labels: label }),
    ...(secretFile === undefined ? {} : { secret: readSecret(secretFile) }),
    ...(disabled === undefined ? {} : { is_enabled: false }),
  };
}

export function toUpdateRequest(options: SettingOptions): UpdateWebhookRequest {
  const { url, to, type, vm, description, label, secretFile, rotateSecret, enable, disable } = options;
  if (enable && disable) throw usageError('It is either --enable or --disable.');
  const change = {
    ...(url === undefined ? {} : { url }),
    ...(to === undefined ? {} : { target: to }),
    ...(type === undefined ? {} : { types: type.join() === 'all' ? null : [...type] }),
    ...(vm === undefined ? {} : { vm: vm === 'any' ? null : vm }),
    ...(description === undefined ? {} : { description }),
    ...(label === undefined ? {} : { labels: label }),
    ...(secretFile === undefined ? {} : { secret: readSecret(secretFile) }),
    ...(rotateSecret === undefined ? {} : { rotate_secret: true }),
    ...(enable === undefined ? {} : { is_enabled: true }),
    ...(disable === undefined ? {} : { is_enabled: false }),
  };
  if (Object.keys(change).length === 0) throw usageError('Say what to change.', 'volary help webhook');
  return change;
}

export function toReplayRequest({ after, sequence, delivery }: ReplayOptions): ReplayWebhookRequest {
  const asked = {
    ...(after === undefined ? {} : { after }),
    ...(sequence === undefined ? {} : { sequences: [...sequence] }),
    ...(delivery === undefined ? {} : { delivery }),
  };
  if (Object.keys(asked).length !== 1) throw usageError('It is one of --after, --sequence and --delivery.');
  return asked;
}

function collectSequences(text: string, previous: readonly number[] = []): readonly number[] {
  const added = collectList(text).map(parseCount(1));
  if (added.length === 0) throw new InvalidArgumentError('It is a list of numbers.');
  return [...previous, ...added];
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw usageError(`The file ${path} cannot be read.`);
  }
}
