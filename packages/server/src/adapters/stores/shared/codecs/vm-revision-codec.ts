import type { RevisionCause, VmRevision } from '../../../../domain/vm/revision.ts';
import { settingsOf, type VmSettings } from '../../../../domain/vm/settings.ts';
import type { Change, Changes } from '../../../../domain/vm/spec-diff.ts';
import type { Vm } from '../../../../domain/vm/vm.ts';
import type { VmRevisionRow } from '../rows/vm-revision-row.ts';
import type { VmRow } from '../rows/vm-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';
import { decodeVm, encodeVm } from './vm-codec.ts';

/** The columns of a VM that somebody sets. */
const SETTING_COLUMNS = [
  'name',
  'labels',
  'metadata',
  'secrets',
  'image',
  'vcpu_count',
  'memory_mib',
  'disk_gib',
  'network',
  'spec',
  'template_name',
  'restart_policy',
  'auto_suspend',
  'auto_wake',
  'expires_at',
  'expiry_told_at',
] as const satisfies readonly (keyof VmRow)[];

/** A revision as a row. Its settings are written as those of `vm` are, which they are read into again. */
export function encodeVmRevision(revision: VmRevision, vm: Vm): VmRevisionRow {
  const row = encodeVm({ ...vm, ...revision.settings });
  return {
    vm_id: revision.vmId,
    number: revision.number,
    at: revision.at,
    author: revision.author,
    request_id: revision.requestId,
    cause: JSON.stringify(revision.cause),
    changes: JSON.stringify(revision.changes),
    settings: JSON.stringify(Object.fromEntries(SETTING_COLUMNS.map((column) => [column, row[column]]))),
  };
}

/**
 * The revision in a row of this VM. A setting that there was none of when it was written is as the VM has it now. Throws `data_loss`
 * store.damaged.
 */
export function decodeVmRevision(row: VmRevisionRow, vm: Vm): VmRevision {
  return readRow({ what: 'vm revision', id: `${row.vm_id} ${row.number}` }, () => ({
    vmId: vmId(row.vm_id, 'vm_id'),
    number: read.count(row.number, 'number'),
    at: read.number(row.at, 'at'),
    author: read.text(row.author, 'author'),
    requestId: optionalText(row.request_id, 'request_id'),
    cause: cause(row.cause, 'cause'),
    changes: decodeChanges(row.changes),
    settings: decodeSettings(row, vm),
  }));
}

/** Whatever is in there that is no value of its column is told by the VM's own reader. */
function decodeSettings({ settings }: VmRevisionRow, vm: Vm): VmSettings {
  read.jsonObject(settings, 'settings');
  const stored: Partial<VmRow> = JSON.parse(settings);
  const { id, revision } = encodeVm(vm);
  return settingsOf(decodeVm({ ...encodeVm(vm), ...stored, id, revision }));
}

function decodeChanges(column: string): Changes {
  return Object.fromEntries(
    Object.entries(read.jsonObject(column, 'changes')).map(([path, value]): [string, Change] => {
      const { old, new: now } = read.plainObject(value, `changes.${path}`);
      return [path, { ...(old === undefined ? {} : { old }), ...(now === undefined ? {} : { new: now }) }];
    }),
  );
}

const vmId = read.id('vm');
const optionalText = read.nullable(read.text);
const causeKind = read.oneOf(['created', 'changed', 'rolled-back']);

const cause = read.json((value, field): RevisionCause => {
  const stored = read.object(value, field);
  const kind = causeKind(stored['kind'], `${field}.kind`);
  return kind === 'rolled-back' ? { kind, to: read.count(stored['to'], `${field}.to`) } : { kind };
});
