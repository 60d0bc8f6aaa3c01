/** Questions in Loki's language (https://grafana.com/docs/loki/latest/query/log_queries/). What was typed by somebody is text in quotes, and never anything else. */
import { LOG_LEVELS } from '../../../domain/logs/log-line.ts';
import type { LogFilter } from '../../../domain/logs/log-query.ts';

/** Sequences, both excluded. */
export interface Between {
  readonly after: number | null;
  readonly before: number;
}

/** All our lines of one installation carry this label beside its own. */
export const SERVICE = 'volary';

/** What can be looked for by Loki itself; words are not among it but those that are the same in each case, with or without accents. */
export function toLogQl(filter: LogFilter, installation: string, { after, before }: Between): string {
  const { sources, minLevel, vmId, owner, operationId, executionId, sinceMs, untilMs, phrases = [] } = filter;
  const labels = [
    `service_name=${quote(SERVICE)}`,
    `installation=${quote(installation)}`,
    ...(sources === undefined ? [] : [`source=~${quote(sources.join('|'))}`]),
    ...(minLevel === undefined ? [] : [`level=~${quote(LOG_LEVELS.slice(LOG_LEVELS.indexOf(minLevel)).join('|'))}`]),
  ];
  // Filters of lines come first: "it is almost always better to have them at the beginning".
  const words = phrases.flat().filter((word) => SAME_IN_ANY_CASE.test(word));
  const fields = { vm: vmId, owner, operation: operationId, execution: executionId };
  return [
    `{${labels.join(', ')}}`,
    ...words.map((word) => `|= ${quote(word)}`),
    ...Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`| ${name}=${quote(value)}`])),
    ...(sinceMs === undefined ? [] : [`| at >= ${Math.max(0, sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`| at < ${untilMs}`]),
    ...(after === null ? [] : [`| sequence > ${after}`]),
    `| sequence < ${before}`,
  ].join(' ');
}

/** Filters of lines tell cases and accents apart, our words do not: so only these can be left to them. */
const SAME_IN_ANY_CASE = /^(?:[0-9]|\p{Script=Han})+$/u;

/** As a string of Go's, in double quotes; what is no Unicode is U+FFFD. */
function quote(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
