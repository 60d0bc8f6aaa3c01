import type { GrantRequest } from '../../../../domain/secret/grant.ts';
import type { Lifetime } from '../../../../domain/vm/expiry.ts';
import type { AskedSpec, AskedVolume, CreateVmRequest } from '../../../../domain/vm/vm-request.ts';
import { WARM_STARTS } from '../../../../domain/vm/warm-start.ts';
import { readGrantFile } from './grants-column.ts';
import * as read from './read-value.ts';
import { readPartialSpec } from './replica-content.ts';

/** A VM as somebody asked for it: what was left open is not there. */
export const readVmRequest: read.Reader<CreateVmRequest> = (value, field) => {
  const stored = read.object(value, field);
  const optional = <T>(name: string, reader: read.Reader<T>): T | undefined =>
    stored[name] === undefined ? undefined : reader(stored[name], `${field}.${name}`);
  const given = {
    driver: optional('driver', read.text),
    template: optional('template', read.text),
    tools: optional('tools', texts),
    lifetime: optional('lifetime', lifetime),
    secrets: optional('secrets', grants),
    volumes: optional('volumes', volumes),
  };
  return {
    ...withoutUndefined(given),
    name: optionalText(stored['name'], `${field}.name`),
    spec: askedSpec(stored['spec'], `${field}.spec`),
    labels: labels(stored['labels'], `${field}.labels`),
    metadata: read.parsedObject(stored['metadata'], `${field}.metadata`),
    start: read.boolean(stored['start'], `${field}.start`),
    warmStart: warmStart(stored['warmStart'], `${field}.warmStart`),
  };
};

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(values: T): Given<T>;
function withoutUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const texts = read.list(read.text);
const labels = read.record(read.text);
const optionalText = read.nullable(read.text);
const warmStart = read.oneOf(WARM_STARTS);

/** A document that is still to be fetched is no part of what is stored of a VM. */
const askedSpec: read.Reader<AskedSpec> = (value, field) => {
  const { openapi, ...rest } = read.object(value, field);
  const source = openapi === undefined || openapi === null ? null : read.object(openapi, `${field}.openapi`);
  if (source?.['kind'] !== 'url') return readPartialSpec(value, field);
  return {
    ...readPartialSpec(rest, field),
    openapi: { kind: 'url', url: read.text(source['url'], `${field}.openapi`) },
  };
};

const lifetime: read.Reader<Lifetime> = (value, field) => {
  const stored = read.object(value, field);
  return stored['ttlSeconds'] === undefined
    ? { expiresAt: read.number(stored['expiresAt'], `${field}.expiresAt`) }
    : { ttlSeconds: read.count(stored['ttlSeconds'], `${field}.ttlSeconds`) };
};

const grants = read.list((value, field): GrantRequest => {
  const stored = read.object(value, field);
  return {
    ref: read.text(stored['ref'], `${field}.ref`),
    env: optionalText(stored['env'], `${field}.env`),
    file: readGrantFile(stored['file'], `${field}.file`),
  };
});

const volumes = read.list((value, field): AskedVolume => {
  const stored = read.object(value, field);
  return {
    ref: read.text(stored['ref'], `${field}.ref`),
    disk: optionalText(stored['disk'], `${field}.disk`),
    isReadonly: read.boolean(stored['isReadonly'], `${field}.isReadonly`),
  };
});
