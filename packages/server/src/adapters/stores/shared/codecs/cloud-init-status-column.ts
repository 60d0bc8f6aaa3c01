import { CLOUD_INIT_STATES, type CloudInitStatus } from '../../../../domain/vm/cloud-init-status.ts';
import * as read from './read-value.ts';

const state = read.oneOf(CLOUD_INIT_STATES);
const executionId = read.nullable(read.id('exec'));
const moment = read.nullable(read.number);
const texts = read.list(read.text);

/** How far cloud-init is, as a column of JSON. */
export const cloudInitStatus = read.nullable(
  read.json((value, field): CloudInitStatus => {
    const stored = read.object(value, field);
    return {
      state: state(stored['state'], `${field}.state`),
      incarnation: read.count(stored['incarnation'], `${field}.incarnation`),
      executionId: executionId(stored['executionId'], `${field}.executionId`),
      errors: texts(stored['errors'], `${field}.errors`),
      completedAt: moment(stored['completedAt'], `${field}.completedAt`),
    };
  }),
);
