import { VM_DEFAULTS, type VmSpec } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';
import { decodeWorkloadFields, type WorkloadFields } from './workload-column.ts';

/** What of a VM's spec, and of a snapshot's, has no column of its own: nobody looks for VMs by it. */
export type StoredSpec = Pick<VmSpec, 'template'> & WorkloadFields;

/** The column as JSON, with these fields and no others. */
export function encodeSpec(spec: StoredSpec): string {
  const { template, environment, workload, healthCheck, openapi, actions } = spec;
  return JSON.stringify({
    template,
    environment,
    workload,
    healthCheck,
    openapi,
    actions,
  } satisfies StoredSpec);
}

/** The fields, parsed. What is older than one of them lacks it, and has its default. */
export const readStoredSpec: read.Reader<StoredSpec> = (value, field) => {
  const stored = { ...VM_DEFAULTS, ...read.object(value, field) };
  return {
    template: template(stored.template, `${field}.template`),
    ...decodeWorkloadFields(stored, field),
  };
};

/** The column with them. */
export const decodeSpec = read.json(readStoredSpec);

const template = read.nullable((value, field): NonNullable<VmSpec['template']> => {
  const stored = read.object(value, field);
  return {
    name: read.text(stored['name'], `${field}.name`),
    version: read.text(stored['version'], `${field}.version`),
  };
});
