import type { SecretGrant } from '../../../../domain/secret/grant.ts';
import * as read from './read-value.ts';

/** The secrets that a VM is given, as a column. */
export function encodeGrants(grants: readonly SecretGrant[]): string {
  return JSON.stringify(
    grants.map(({ secretId, name, env, file }) => ({
      secretId,
      name,
      env,
      file: file === null ? null : { path: file.path, mode: file.mode },
    })),
  );
}

/** The secrets that a VM is given, parsed. */
export const readGrants = read.list((value, field): SecretGrant => {
  const stored = read.object(value, field);
  return {
    secretId: secretId(stored['secretId'], `${field}.secretId`),
    name: read.text(stored['name'], `${field}.name`),
    env: env(stored['env'], `${field}.env`),
    file: readGrantFile(stored['file'], `${field}.file`),
  };
});

/** A column with them. */
export const decodeGrants = read.json(readGrants);

const secretId = read.id('sec');
const env = read.nullable(read.text);
/** Where a secret is to lie; null: nowhere. */
export const readGrantFile = read.nullable((value, field): NonNullable<SecretGrant['file']> => {
  const stored = read.object(value, field);
  return { path: read.text(stored['path'], `${field}.path`), mode: read.count(stored['mode'], `${field}.mode`) };
});
