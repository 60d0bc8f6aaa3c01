import { AUDIT_RESULTS, type AuditResult } from '@volary/contract';
import type { AuditQuery } from '@volary/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../parse-values.ts';

export interface AuditOptions {
  readonly principal?: string;
  readonly action?: string;
  readonly target?: string;
  readonly result?: AuditResult;
  readonly since?: string;
  readonly until?: string;
}

/** The options that say which entries. */
export function addAuditOptions(command: Command): Command {
  return command
    .option(
      '--principal <name>',
      'only actions of this user; `system` is the server, `nobody` is callers without a key',
    )
    .option('--action <action>', 'only this action, for example vm.create')
    .option('--target <ref>', 'only actions on this target, by id or name')
    .option('--result <result>', `only these: ${AUDIT_RESULTS.join(', ')}`, parseResult)
    .option('--since <moment>', 'only from this time on: 2026-01-31T12:00:00Z, or 30m, 2h, 7d ago', parseMoment)
    .option('--until <moment>', 'only before this time, in the same form', parseMoment);
}

export function toAuditQuery({ principal, action, target, result, since, until }: AuditOptions): AuditQuery {
  return {
    ...(principal === undefined ? {} : { principal }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(result === undefined ? {} : { result }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function parseResult(text: string): AuditResult {
  const result = AUDIT_RESULTS.find((each) => each === text);
  if (result !== undefined) return result;
  throw new InvalidArgumentError(`It is one of ${AUDIT_RESULTS.join(', ')}.`);
}

/** A moment of its own, or how long ago it was, as RFC 3339 has it. */
export function parseMoment(text: string, _previous?: unknown, now: number = Date.now()): string {
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days !== undefined) return new Date(now - Number(days) * 86_400_000).toISOString();
  if (/^\d+(\.\d+)?(ms|s|m|h)$/.test(text)) return new Date(now - parseDurationMs(text)).toISOString();
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError('It is a moment, such as 2026-01-31T12:00:00Z, or a time ago, such as 30m, 2h or 7d.');
}
