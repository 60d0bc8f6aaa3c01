import type { LogLine as LogLineDto } from '@volary/contract';
import type { LogLine } from '../../../domain/logs/log-line.ts';
import { toIso } from './to-iso.ts';

/** A line as `/v1` shows it. */
export function toLogLineDto(line: LogLine): LogLineDto {
  return {
    sequence: line.sequence,
    timestamp: toIso(line.at),
    level: line.level,
    source: line.source,
    message: line.message,
    vm_id: line.vmId,
    operation_id: line.operationId,
    execution_id: line.executionId,
    owner: line.owner,
    fields: line.fields,
    marks: [...line.marks],
  };
}
