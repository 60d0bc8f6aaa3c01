import { SETUP_STATES, type SetupStep, STEP_KINDS, STEP_STATES } from '../../../../domain/workspace/setup.ts';
import type { Workspace } from '../../../../domain/workspace/workspace.ts';
import type { WorkspaceRow } from '../rows/workspace-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A workspace as a row. */
export function encodeWorkspace(workspace: Workspace): WorkspaceRow {
  const { repository, setup } = workspace;
  return {
    id: workspace.id,
    name: workspace.name,
    owner: workspace.owner,
    vm_id: workspace.vmId,
    labels: JSON.stringify(workspace.labels),
    metadata: JSON.stringify(workspace.metadata),
    ttl_seconds: workspace.ttlSeconds,
    repository: repository === null ? null : JSON.stringify(repository),
    setup_state: setup.state,
    setup_message: setup.message,
    setup_steps: JSON.stringify(setup.steps),
    is_deleting: workspace.isDeleting ? 1 : 0,
    generation: workspace.generation,
    revision: workspace.revision,
    created_at: workspace.createdAt,
    updated_at: workspace.updatedAt,
  };
}

/** The workspace in a row. Throws `data_loss` store.damaged. */
export function decodeWorkspace(row: WorkspaceRow): Workspace {
  return readRow({ what: 'workspace', id: row.id }, () => ({
    id: read.id('ws')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    vmId: read.id('vm')(row.vm_id, 'vm_id'),
    labels: labels(row.labels, 'labels'),
    metadata: read.jsonObject(row.metadata, 'metadata'),
    ttlSeconds: optionalCount(row.ttl_seconds, 'ttl_seconds'),
    repository: repository(row.repository, 'repository'),
    setup: {
      state: setupState(row.setup_state, 'setup_state'),
      message: optionalText(row.setup_message, 'setup_message'),
      steps: steps(row.setup_steps, 'setup_steps'),
    },
    isDeleting: read.flag(row.is_deleting, 'is_deleting'),
    generation: read.count(row.generation, 'generation'),
    revision: read.count(row.revision, 'revision'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
  }));
}

const labels = read.json(read.record(read.text));
const optionalText = read.nullable(read.text);
const optionalCount = read.nullable(read.count);
const optionalMoment = read.nullable(read.number);
const optionalExecution = read.nullable(read.id('exec'));
const setupState = read.oneOf(SETUP_STATES);
const stepState = read.oneOf(STEP_STATES);
const stepKind = read.oneOf(STEP_KINDS);

const repository = read.nullable(
  read.json((value, field) => {
    const stored = read.object(value, field);
    return {
      url: read.text(stored['url'], `${field}.url`),
      ref: optionalText(stored['ref'], `${field}.ref`),
      directory: read.text(stored['directory'], `${field}.directory`),
    };
  }),
);

const steps = read.json(
  read.list((value, field): SetupStep => {
    const stored = read.object(value, field);
    return {
      kind: stepKind(stored['kind'], `${field}.kind`),
      command: read.text(stored['command'], `${field}.command`),
      timeoutSeconds: read.count(stored['timeoutSeconds'], `${field}.timeoutSeconds`),
      state: stepState(stored['state'], `${field}.state`),
      executionId: optionalExecution(stored['executionId'], `${field}.executionId`),
      tries: read.count(stored['tries'], `${field}.tries`),
      startedAt: optionalMoment(stored['startedAt'], `${field}.startedAt`),
      completedAt: optionalMoment(stored['completedAt'], `${field}.completedAt`),
    };
  }),
);
