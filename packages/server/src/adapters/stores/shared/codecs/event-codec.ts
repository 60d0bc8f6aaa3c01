import { EVENT_TYPES, type Event, type NewEvent } from '../../../../domain/events.ts';
import type { EventRow } from '../rows/event-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An event as a row, with the number that it was given. */
export function encodeEvent(event: NewEvent, sequence: number): EventRow {
  return {
    sequence,
    type: event.type,
    at: event.at,
    subject: event.subject,
    vm_id: event.vmId,
    operation_id: event.operationId,
    owner: event.owner,
    data: JSON.stringify(event.data),
  };
}

/** The event in a row. Throws `data_loss` store.damaged. */
export function decodeEvent(row: EventRow): Event {
  return readRow({ what: 'event', id: row.sequence }, () => ({
    sequence: read.count(row.sequence, 'sequence'),
    type: type(row.type, 'type'),
    at: read.number(row.at, 'at'),
    subject: read.text(row.subject, 'subject'),
    vmId: optionalText(row.vm_id, 'vm_id'),
    operationId: optionalText(row.operation_id, 'operation_id'),
    owner: optionalText(row.owner, 'owner'),
    data: read.jsonObject(row.data, 'data'),
  }));
}

const type = read.oneOf(EVENT_TYPES);
const optionalText = read.nullable(read.text);
