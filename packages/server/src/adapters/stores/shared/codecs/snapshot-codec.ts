import { SNAPSHOT_STATES, type Snapshot } from '../../../../domain/snapshot/snapshot.ts';
import type { SnapshotRow } from '../rows/snapshot-row.ts';
import { readRow } from './damaged-row.ts';
import { decodeGrants, encodeGrants } from './grants-column.ts';
import { network } from './network-column.ts';
import * as read from './read-value.ts';
import { decodeSpec, encodeSpec } from './spec-column.ts';

/** A snapshot as a row. */
export function encodeSnapshot(snapshot: Snapshot): SnapshotRow {
  const { spec, source } = snapshot;
  return {
    id: snapshot.id,
    name: snapshot.name,
    description: snapshot.description,
    labels: JSON.stringify(snapshot.labels),
    state: snapshot.state,
    operation_id: snapshot.operationId,
    failure: snapshot.failure === null ? null : JSON.stringify(snapshot.failure),
    is_temporary: snapshot.isTemporary ? 1 : 0,
    source_id: source.id,
    source_name: source.name,
    image: spec.image,
    image_digest: snapshot.imageDigest,
    vcpu_count: spec.vcpuCount,
    memory_mib: spec.memoryMib,
    disk_gib: spec.diskGib,
    network: JSON.stringify(spec.network),
    spec: encodeSpec(spec),
    secrets: encodeGrants(snapshot.secrets),
    size_bytes: snapshot.sizeBytes,
    halted_ms: snapshot.haltedMs,
    owner: snapshot.owner,
    created_at: snapshot.createdAt,
    updated_at: snapshot.updatedAt,
    revision: snapshot.revision,
  };
}

/** The snapshot in a row. Throws `data_loss` store.damaged. */
export function decodeSnapshot(row: SnapshotRow): Snapshot {
  return readRow({ what: 'snapshot', id: row.id }, () => ({
    id: read.id('snap')(row.id, 'id'),
    name: read.nullable(read.text)(row.name, 'name'),
    description: read.text(row.description, 'description'),
    labels: labels(row.labels, 'labels'),
    state: state(row.state, 'state'),
    operationId: read.nullable(read.id('op'))(row.operation_id, 'operation_id'),
    failure: failure(row.failure, 'failure'),
    isTemporary: read.flag(row.is_temporary, 'is_temporary'),
    source: { id: read.id('vm')(row.source_id, 'source_id'), name: read.text(row.source_name, 'source_name') },
    spec: {
      image: read.text(row.image, 'image'),
      vcpuCount: read.count(row.vcpu_count, 'vcpu_count'),
      memoryMib: read.count(row.memory_mib, 'memory_mib'),
      diskGib: read.count(row.disk_gib, 'disk_gib'),
      network: network(row.network, 'network'),
      ...decodeSpec(row.spec, 'spec'),
    },
    secrets: decodeGrants(row.secrets, 'secrets'),
    imageDigest: read.text(row.image_digest, 'image_digest'),
    sizeBytes: optionalCount(row.size_bytes, 'size_bytes'),
    haltedMs: optionalCount(row.halted_ms, 'halted_ms'),
    owner: read.text(row.owner, 'owner'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const labels = read.json(read.record(read.text));
const state = read.oneOf(SNAPSHOT_STATES);
const optionalCount = read.nullable(read.count);

const failure = read.nullable(
  read.json((value, field): NonNullable<Snapshot['failure']> => {
    const stored = read.object(value, field);
    return {
      reason: read.text(stored['reason'], `${field}.reason`),
      message: read.text(stored['message'], `${field}.message`),
    };
  }),
);
