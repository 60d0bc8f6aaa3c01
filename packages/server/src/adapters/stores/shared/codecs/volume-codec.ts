import { VOLUME_STATES, type Volume, type VolumeOrigin } from '../../../../domain/volume/volume.ts';
import type { HeldVolume } from '../../../../ports/tables/volume-table.ts';
import type { VolumeAttachmentRow, VolumeRow } from '../rows/volume-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';
import { readContent } from './spec-column.ts';

/** A volume as a row. */
export function encodeVolume(volume: Volume): VolumeRow {
  const { origin, failure } = volume;
  return {
    id: volume.id,
    name: volume.name,
    owner: volume.owner,
    labels: JSON.stringify(volume.labels),
    size_gib: volume.sizeGib,
    state: volume.state,
    operation_id: volume.operationId,
    failure: failure === null ? null : JSON.stringify(failure),
    origin: JSON.stringify(origin),
    origin_vm_id: origin.kind === 'vm' ? origin.id : null,
    driver: volume.driver,
    created_at: volume.createdAt,
    updated_at: volume.updatedAt,
    revision: volume.revision,
  };
}

/** The volume in a row. Throws `data_loss` store.damaged. */
export function decodeVolume(row: VolumeRow): Volume {
  return readRow({ what: 'volume', id: row.id }, () => ({
    id: read.id('vol')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    labels: labels(row.labels, 'labels'),
    sizeGib: read.count(row.size_gib, 'size_gib'),
    state: state(row.state, 'state'),
    operationId: read.nullable(read.id('op'))(row.operation_id, 'operation_id'),
    failure: failure(row.failure, 'failure'),
    origin: origin(row.origin, 'origin'),
    driver: read.text(row.driver, 'driver'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

/** An attachment with the name of its VM. */
export type HeldVolumeRow = VolumeAttachmentRow & { readonly name: string };

/** Throws `data_loss` store.damaged. */
export function decodeHeldVolume(row: HeldVolumeRow): HeldVolume {
  return readRow({ what: 'attachment of a volume', id: row.volume_id }, () => ({
    volumeId: read.id('vol')(row.volume_id, 'volume_id'),
    vmId: read.id('vm')(row.vm_id, 'vm_id'),
    disk: read.text(row.disk, 'disk'),
    isReadonly: read.flag(row.is_readonly, 'is_readonly'),
    vmName: read.text(row.name, 'name'),
  }));
}

const labels = read.json(read.record(read.text));
const state = read.oneOf(VOLUME_STATES);
const failure = read.nullable(
  read.json((value, field): NonNullable<Volume['failure']> => {
    const stored = read.object(value, field);
    return {
      reason: read.text(stored['reason'], `${field}.reason`),
      message: read.text(stored['message'], `${field}.message`),
    };
  }),
);
const originKind = read.oneOf(['empty', 'content', 'image', 'volume', 'vm']);

const origin = read.json((value, field): VolumeOrigin => {
  const stored = read.object(value, field);
  const kind = originKind(stored['kind'], `${field}.kind`);
  const text = (name: string): string => read.text(stored[name], `${field}.${name}`);
  switch (kind) {
    case 'empty':
      return { kind };
    case 'content':
      return { kind, content: readContent(stored['content'], `${field}.content`) };
    case 'image':
      return { kind, image: text('image') };
    case 'volume':
      return { kind, id: read.id('vol')(stored['id'], `${field}.id`), name: text('name') };
    case 'vm':
      return {
        kind,
        id: read.id('vm')(stored['id'], `${field}.id`),
        name: text('name'),
        disk: read.nullable(read.text)(stored['disk'], `${field}.disk`),
        image: text('image'),
      };
    default:
      return kind satisfies never;
  }
});
