import { PROBLEM_TYPE, Problem, type Route } from '@volary/contract';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, addUsedSchema: false });
ajvFormats.default(ajv);
ajv.addFormat('binary', true);

/** Statuses that any route may answer, besides those in the table. */
const ANY_ROUTE = [400, 401, 403, 405, 413, 415] as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How the answer differs from what the table of routes promises; empty if it keeps the promise. */
export function faultsOf(route: Route, answer: Answer): readonly string[] {
  if (answer.headers.get('x-request-id') === null) return ['no X-Request-Id'];
  return answer.status >= 400 ? problemFaults(route, answer) : successFaults(route, answer);
}

function problemFaults(route: Route, { status, headers, text }: Answer): readonly string[] {
  const type = typeOf(headers);
  if (type !== PROBLEM_TYPE) return [`an error as ${type}: ${text}`];
  const problem: Problem = JSON.parse(text);
  const faults = [...schemaFaults(Problem, problem)];
  if (problem.status !== status) faults.push(`status ${problem.status} in the problem of a ${status}`);
  if (problem.request_id !== headers.get('x-request-id')) faults.push('another request id in the problem');
  const byKey = route.keyed === undefined ? [] : [409, 422];
  const documented = [...ANY_ROUTE, ...byKey, ...Object.keys(route.errors).map(Number)];
  if (!documented.includes(status)) faults.push(`${status} ${problem.reason} is not in the table: ${problem.detail}`);
  return faults;
}

/** The same for a route of a dialect, whose errors are as `fault` has them; a fault of the server's own is one of the answer as well. */
export function dialectFaultsOf(route: Route, fault: object, answer: Answer): readonly string[] {
  const { status, headers, text } = answer;
  if (headers.get('x-request-id') === null) return ['no X-Request-Id'];
  if (status < 400) return successFaults(route, answer);
  if (status >= 500 && !(status in route.errors)) return [`${status}: ${text}`];
  return typeOf(headers) === 'application/json'
    ? schemaFaults(fault, JSON.parse(text))
    : [`an error as ${typeOf(headers)}: ${text}`];
}

function successFaults(route: Route, { status, headers, text }: Answer): readonly string[] {
  const response = route.responses[status];
  if (response === undefined) return [`${status} is not in the table`];
  if (response.content.length === 0) return text === '' ? [] : [`a body with ${status}`];
  const type = typeOf(headers);
  const content = response.content.find(({ contentType }) => contentType === type);
  if (content === undefined) return [`${status} as ${type}`];
  const missing = ['Location', 'ETag'].filter(
    (name) => response.headers?.some((header) => header.name === name) === true && headers.get(name) === null,
  );
  const values = parsed(type, text);
  return [...missing.map((name) => `no ${name}`), ...values.flatMap((value) => schemaFaults(content.schema, value))];
}

function parsed(type: string, text: string): readonly unknown[] {
  if (type === 'application/json') return [JSON.parse(text)];
  if (type === 'application/x-ndjson')
    return text.split('\n').flatMap((line): unknown[] => (line === '' ? [] : [JSON.parse(line)]));
  return [];
}

function schemaFaults(schema: object, value: unknown): readonly string[] {
  const validate = ajv.compile(withoutIds(schema));
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

const plain = new WeakMap<object, object>();

/** One copy for each schema, so that each is compiled once. */
function withoutIds(schema: object): object {
  const known = plain.get(schema);
  if (known !== undefined) return known;
  const copy: object = JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)));
  plain.set(schema, copy);
  return copy;
}

function typeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
}
