import { ALERT_KINDS, ALERT_STATES, type Alert } from '../../../../domain/alert/alert.ts';
import type { AlertRow } from '../rows/alert-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An alert as a row. */
export function encodeAlert(alert: Alert): AlertRow {
  return {
    id: alert.id,
    kind: alert.kind,
    vm_id: alert.vmId,
    vm_name: alert.vmName,
    owner: alert.owner,
    state: alert.state,
    threshold: alert.threshold,
    value: alert.value,
    message: alert.message,
    fired_at: alert.firedAt,
    resolved_at: alert.resolvedAt,
  };
}

/** The alert in a row. Throws `data_loss` store.damaged. */
export function decodeAlert(row: AlertRow): Alert {
  return readRow({ what: 'alert', id: row.id }, () => ({
    id: alertId(row.id, 'id'),
    kind: kind(row.kind, 'kind'),
    vmId: vmId(row.vm_id, 'vm_id'),
    vmName: read.text(row.vm_name, 'vm_name'),
    owner: read.text(row.owner, 'owner'),
    state: state(row.state, 'state'),
    threshold: optionalNumber(row.threshold, 'threshold'),
    value: optionalNumber(row.value, 'value'),
    message: read.text(row.message, 'message'),
    firedAt: read.number(row.fired_at, 'fired_at'),
    resolvedAt: optionalNumber(row.resolved_at, 'resolved_at'),
  }));
}

const alertId = read.id('alert');
const vmId = read.id('vm');
const kind = read.oneOf(ALERT_KINDS);
const state = read.oneOf(ALERT_STATES);
const optionalNumber = read.nullable(read.number);
