import type { NotificationTarget as TargetDto } from '@volary/contract';
import type { NotificationTarget } from '../../domain/integrations.ts';
import { invalidFields } from '../validation.ts';

/** Where an integration is to tell of something. Throws `invalid_argument` request.invalid for what is missing, or does not belong there. */
export function toTarget({ integration, repository, issue, channel }: TargetDto): NotificationTarget {
  if (integration === 'github') {
    if (repository === undefined || issue === undefined || channel !== undefined)
      throw invalid('must have a repository and an issue, and no channel');
    return { integration, repository, issue };
  }
  if (channel === undefined || repository !== undefined || issue !== undefined)
    throw invalid('must have a channel, and neither a repository nor an issue');
  return { integration, channel };
}

function invalid(message: string) {
  return invalidFields([{ field: 'target', message }]);
}
