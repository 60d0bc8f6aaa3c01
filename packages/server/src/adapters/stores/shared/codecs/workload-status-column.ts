import { WORKLOAD_STATES, type WorkloadStatus } from '../../../../domain/workload/workload.ts';
import * as read from './read-value.ts';

const state = read.oneOf(WORKLOAD_STATES);
const executionId = read.nullable(read.id('exec'));
const optionalNumber = read.nullable(read.number);
const optionalText = read.nullable(read.text);

/** How a workload is, as a column of JSON. */
export const workloadStatus = read.nullable(
  read.json((value, field): WorkloadStatus => {
    const stored = read.object(value, field);
    return {
      executionId: executionId(stored['executionId'], `${field}.executionId`),
      incarnation: read.count(stored['incarnation'], `${field}.incarnation`),
      state: state(stored['state'], `${field}.state`),
      runs: read.count(stored['runs'], `${field}.runs`),
      lastExitCode: optionalNumber(stored['lastExitCode'], `${field}.lastExitCode`),
      lastSignal: optionalText(stored['lastSignal'], `${field}.lastSignal`),
      lastExitAt: optionalNumber(stored['lastExitAt'], `${field}.lastExitAt`),
      message: optionalText(stored['message'], `${field}.message`),
    };
  }),
);
