import type { VmAlerts } from '../../../../domain/alert/vm-alerts.ts';
import { DISK_FORMATS, type DiskContent } from '../../../../domain/image/definition.ts';
import type { VmTool } from '../../../../domain/tool/tool.ts';
import type { CloudInit } from '../../../../domain/vm/cloud-init.ts';
import type { ExtraDisk } from '../../../../domain/vm/extra-disk.ts';
import { VM_DEFAULTS, type VmSpec } from '../../../../domain/vm/spec.ts';
import * as read from './read-value.ts';
import { decodeWorkloadFields, type WorkloadFields } from './workload-column.ts';

/** What of a VM's spec, and of a snapshot's, has no column of its own: nobody looks for VMs by it. */
export type StoredSpec = Pick<VmSpec, 'template' | 'tools' | 'cloudInit' | 'disks' | 'alerts'> & WorkloadFields;

/** The column as JSON, with these fields and no others. */
export function encodeSpec(spec: StoredSpec): string {
  const { template, tools, environment, workload, healthCheck, openapi, actions, cloudInit, disks, alerts } = spec;
  return JSON.stringify({
    template,
    tools,
    environment,
    workload,
    healthCheck,
    openapi,
    actions,
    cloudInit,
    disks,
    alerts,
  } satisfies StoredSpec);
}

/** The fields, parsed. What is older than one of them lacks it, and has its default. */
export const readStoredSpec: read.Reader<StoredSpec> = (value, field) => {
  const stored = { ...VM_DEFAULTS, ...read.object(value, field) };
  return {
    template: template(stored.template, `${field}.template`),
    tools: tools(stored.tools, `${field}.tools`),
    ...decodeWorkloadFields(stored, field),
    cloudInit: cloudInit(stored.cloudInit, `${field}.cloudInit`),
    disks: disks(stored.disks, `${field}.disks`),
    alerts: alerts(stored.alerts, `${field}.alerts`),
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

const tools = read.list((value, field): VmTool => {
  const stored = read.object(value, field);
  return {
    name: read.text(stored['name'], `${field}.name`),
    version: read.text(stored['version'], `${field}.version`),
    digest: optionalText(stored['digest'], `${field}.digest`),
  };
});

const threshold = read.nullable((value, field): number | 'off' => (value === 'off' ? value : read.count(value, field)));
const watched = read.nullable(read.oneOf(['on', 'off']));
const alerts: read.Reader<VmAlerts> = (value, field) => {
  const stored = read.object(value, field);
  return {
    cpuPercent: threshold(stored['cpuPercent'], `${field}.cpuPercent`),
    memoryPercent: threshold(stored['memoryPercent'], `${field}.memoryPercent`),
    diskPercent: threshold(stored['diskPercent'], `${field}.diskPercent`),
    health: watched(stored['health'], `${field}.health`),
  };
};

const optionalText = read.nullable(read.text);
const cloudInit = read.nullable((value, field): CloudInit => {
  const stored = read.object(value, field);
  return {
    userData: optionalText(stored['userData'], `${field}.userData`),
    metaData: optionalText(stored['metaData'], `${field}.metaData`),
    networkConfig: optionalText(stored['networkConfig'], `${field}.networkConfig`),
  };
});

const disks = read.list((value, field): ExtraDisk => {
  const stored = { ...EMPTY_DISK, ...read.object(value, field) };
  return {
    name: read.text(stored.name, `${field}.name`),
    sizeGib: optionalCount(stored.sizeGib, `${field}.sizeGib`),
    content: optionalContent(stored.content, `${field}.content`),
    isReadonly: read.boolean(stored.isReadonly, `${field}.isReadonly`),
    target: optionalText(stored.target, `${field}.target`),
    volume: optionalVolume(stored.volume, `${field}.volume`),
  };
});

/** What one that is older than its other fields was. */
const EMPTY_DISK = {
  name: null,
  sizeGib: null,
  content: null,
  isReadonly: false,
  target: null,
  volume: null,
} satisfies Record<keyof ExtraDisk, unknown>;
const optionalCount = read.nullable(read.count);
const optionalVolume = read.nullable(read.id('vol'));
/** What a disk begins with, in this column and in others. */
export const readContent: read.Reader<DiskContent> = (value, field) => {
  const stored = read.object(value, field);
  const source = read.object(stored['source'], `${field}.source`);
  return {
    source: {
      location: read.text(source['location'], `${field}.source.location`),
      sha256: read.text(source['sha256'], `${field}.source.sha256`),
    },
    format: read.oneOf(DISK_FORMATS)(stored['format'], `${field}.format`),
    isLocalAllowed: read.boolean(stored['isLocalAllowed'], `${field}.isLocalAllowed`),
  };
};
const optionalContent = read.nullable(readContent);
