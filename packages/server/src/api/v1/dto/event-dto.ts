import type { Event as EventDto } from '@volary/contract';
import type { Event } from '../../../domain/events.ts';
import { toIso } from './to-iso.ts';

/** An event as `/v1` shows it. */
export function toEventDto(event: Event): EventDto {
  return {
    sequence: event.sequence,
    type: event.type,
    at: toIso(event.at),
    subject: event.subject,
    vm_id: event.vmId,
    operation_id: event.operationId,
    owner: event.owner,
    data: event.data,
  };
}
