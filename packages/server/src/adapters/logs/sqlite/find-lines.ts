import type Database from 'better-sqlite3';
import type { JsonObject } from '../../../domain/json.ts';
import { LOG_LEVELS, LOG_MARKS, LOG_SOURCES, type LogLine } from '../../../domain/logs/log-line.ts';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import { segmentOf, wordsTable } from './word-index.ts';

interface Row {
  readonly sequence: number;
  readonly at: number;
  readonly level: number;
  readonly source: number;
  readonly marks: number;
  readonly vm_id: string;
  readonly owner: string;
  readonly operation_id: string | null;
  readonly execution_id: string | null;
  readonly message: string;
  readonly fields: string | null;
}

/** A line, and what its message and its fields come to. */
export interface FoundLine {
  readonly line: LogLine;
  readonly characters: number;
}

/** Sequences, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** A condition and what is put into it. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Those of the sequences in a range, at most `limit`, in the direction of the query, one after the other as they are
 * asked for. With words to be found the range is within one segment.
 */
export function* findLines(
  database: Database,
  query: LogQuery,
  {
    conditions,
    range,
    limit,
  }: { readonly conditions: readonly Condition[]; readonly range: Range; readonly limit: number },
): Generator<FoundLine> {
  const order = query.direction === 'forward' ? 'ASC' : 'DESC';
  const isSearch = query.phrases !== undefined;
  const key = isSearch ? 'w.rowid' : 'l.sequence';
  const words = wordsTable(segmentOf(range.first));
  const from = isSearch ? `${words} AS w CROSS JOIN lines AS l ON l.sequence = w.rowid` : 'lines AS l';
  const all: readonly Condition[] = [
    ...(isSearch ? [{ sql: `w.${words} MATCH ?`, values: [matchOf(query, conditions)] }] : []),
    { sql: `${key} BETWEEN ? AND ?`, values: [range.first, range.last] },
    ...conditions,
  ];
  const rows = database
    .prepare(
      `SELECT l.*, s.vm_id, s.owner FROM ${from} CROSS JOIN subjects AS s ON s.id = l.subject
       WHERE ${all.map(({ sql }) => sql).join(' AND ')} ORDER BY ${key} ${order} LIMIT ?`,
    )
    .iterate<Row>([...all.flatMap(({ values }) => values), limit]);
  for (const row of rows) yield { line: toLine(row), characters: row.message.length + (row.fields?.length ?? 0) };
}

/** Whose lines are wanted; null: everybody's. */
export function subjectsOf(database: Database, { vmId, owner }: LogQuery): readonly number[] | null {
  if (vmId === undefined && owner === undefined) return null;
  return database
    .prepare('SELECT id FROM subjects WHERE vm_id = ifnull(?, vm_id) AND owner = ifnull(?, owner)')
    .all<{ readonly id: number }>([vmId ?? null, owner ?? null])
    .map(({ id }) => id);
}

export function conditionsOf(query: LogQuery, subjects: readonly number[] | null): readonly Condition[] {
  const { operationId, executionId, sources, minLevel, sinceMs, untilMs } = query;
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: readonly unknown[]): void => void conditions.push({ sql, values });
  if (subjects?.length === 1) add('l.subject = ?', subjects[0]);
  // By the index of one VM lines come in order; those of several are found faster in passing.
  else if (subjects !== null) add('+l.subject IN (SELECT value FROM json_each(?))', JSON.stringify(subjects));
  if (operationId !== undefined) add('l.operation_id = ?', operationId);
  if (executionId !== undefined) add('l.execution_id = ?', executionId);
  if (sources !== undefined)
    add(
      'l.source IN (SELECT value FROM json_each(?))',
      JSON.stringify(sources.map((each) => LOG_SOURCES.indexOf(each))),
    );
  if (minLevel !== undefined) add('l.level >= ?', LOG_LEVELS.indexOf(minLevel));
  if (sinceMs !== undefined) add('l.at >= ?', sinceMs);
  if (untilMs !== undefined) add('l.at < ?', untilMs);
  return conditions;
}

/**
 * In the language of FTS5: the words of each phrase in quotes, where they mean nothing else, and the subject, so that the index alone finds what one VM said.
 */
function matchOf({ phrases = [] }: LogQuery, conditions: readonly Condition[]): string {
  const quoted = phrases.map((words) => `message : "${words.join(' ').replaceAll('"', '""')}"`);
  const subject = conditions.find(({ sql }) => sql === 'l.subject = ?')?.values[0];
  return [...(subject === undefined ? [] : [`subject : "s${subject}"`]), ...quoted].join(' AND ');
}

function toLine(row: Row): LogLine {
  return {
    sequence: row.sequence,
    at: row.at,
    level: LOG_LEVELS[row.level] ?? 'info',
    source: LOG_SOURCES[row.source] ?? 'server',
    message: row.message,
    vmId: row.vm_id === '' ? null : row.vm_id,
    owner: row.owner === '' ? null : row.owner,
    operationId: row.operation_id,
    executionId: row.execution_id,
    fields: row.fields === null ? {} : parseFields(row.fields),
    marks: LOG_MARKS.filter((_, bit) => (row.marks & (1 << bit)) !== 0),
  };
}

function parseFields(text: string): JsonObject {
  const fields: JsonObject = JSON.parse(text);
  return fields;
}
