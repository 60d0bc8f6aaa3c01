import type { AskedReplica, ReplicaContent } from '../../../../domain/deployment/deployment.ts';
import type { AutoSuspend } from '../../../../domain/vm/auto-suspend.ts';
import { RESTART_POLICIES } from '../../../../domain/vm/restarts.ts';
import type { VmSpec } from '../../../../domain/vm/spec.ts';
import { WARM_STARTS } from '../../../../domain/vm/warm-start.ts';
import { readGrants } from './grants-column.ts';
import { readNetwork } from './network-column.ts';
import * as read from './read-value.ts';
import { readStoredSpec } from './spec-column.ts';

/** What the replicas of one revision are made from. */
export const readContent: read.Reader<ReplicaContent> = (value, field) => {
  const stored = read.object(value, field);
  return {
    asked: readAsked(stored['asked'], `${field}.asked`),
    driver: read.text(stored['driver'], `${field}.driver`),
    spec: readSpec(stored['spec'], `${field}.spec`),
    labels: texts(stored['labels'], `${field}.labels`),
    metadata: read.parsedObject(stored['metadata'], `${field}.metadata`),
    secrets: readGrants(stored['secrets'], `${field}.secrets`),
    warmStart: warmStart(stored['warmStart'], `${field}.warmStart`),
  };
};

const readAsked: read.Reader<AskedReplica> = (value, field) => {
  const stored = read.object(value, field);
  return {
    template: optionalText(stored['template'], `${field}.template`),
    driver: optionalText(stored['driver'], `${field}.driver`),
    spec: readPartialSpec(stored['spec'], `${field}.spec`),
    tools: tools(stored['tools'], `${field}.tools`),
    labels: texts(stored['labels'], `${field}.labels`),
  };
};

const readSpec: read.Reader<VmSpec> = (value, field) => {
  const stored = read.object(value, field);
  return {
    image: read.text(stored['image'], `${field}.image`),
    vcpuCount: read.count(stored['vcpuCount'], `${field}.vcpuCount`),
    memoryMib: read.count(stored['memoryMib'], `${field}.memoryMib`),
    diskGib: read.count(stored['diskGib'], `${field}.diskGib`),
    network: readNetwork(stored['network'], `${field}.network`),
    restartPolicy: restartPolicy(stored['restartPolicy'], `${field}.restartPolicy`),
    autoSuspend: autoSuspend(stored['autoSuspend'], `${field}.autoSuspend`),
    autoWake: read.boolean(stored['autoWake'], `${field}.autoWake`),
    ...readStoredSpec(stored, field),
  };
};

/** With those fields that somebody asked for. */
export const readPartialSpec: read.Reader<Partial<VmSpec>> = (value, field) => {
  const stored = read.object(value, field);
  const whole = readSpec({ ...SOME_SPEC, ...stored }, field);
  return Object.fromEntries(Object.entries(whole).filter(([name]) => name in stored));
};

/** Stands in for what was not asked for. */
const SOME_SPEC = {
  image: '',
  vcpuCount: 0,
  memoryMib: 0,
  diskGib: 0,
  network: { mode: 'none', egress: 'deny' },
  restartPolicy: 'never',
  autoSuspend: null,
  autoWake: true,
} as const;

const texts = read.record(read.text);
const tools = read.list(read.text);
const optionalText = read.nullable(read.text);
const warmStart = read.oneOf(WARM_STARTS);
const restartPolicy = read.oneOf(RESTART_POLICIES);
const autoSuspend = read.nullable((value, field): AutoSuspend => {
  const stored = read.object(value, field);
  return {
    idleSeconds: read.count(stored['idleSeconds'], `${field}.idleSeconds`),
    cpuBelowPercent: read.number(stored['cpuBelowPercent'], `${field}.cpuBelowPercent`),
  };
});
