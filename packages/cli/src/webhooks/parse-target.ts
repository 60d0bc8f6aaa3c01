import type { NotificationTarget } from '@volary/contract';
import { InvalidArgumentError } from 'commander';

/** `slack:C0123`, `discord:123`, `github:acme/web#7`; what is in it the server looks at. */
export function parseTarget(text: string): NotificationTarget {
  const [, integration, channel] = /^(slack|discord):(.+)$/.exec(text) ?? [];
  if ((integration === 'slack' || integration === 'discord') && channel !== undefined) return { integration, channel };
  const [, repository, issue] = /^github:([^#]+)#([0-9]{1,10})$/.exec(text) ?? [];
  if (repository !== undefined) return { integration: 'github', repository, issue: Number(issue) };
  throw new InvalidArgumentError('It is slack:CHANNEL, discord:CHANNEL or github:OWNER/NAME#ISSUE.');
}
