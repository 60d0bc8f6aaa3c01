/**
 * The part of LogQL that is asked here, strictly: https://grafana.com/docs/loki/latest/query/log_queries/. Anything else is a parse error, as at Loki.
 *
 *   {name="value", name=~"a|b"} |= "text" | field="value" | field > 5
 */
export type Matches = (labels: Readonly<Record<string, string>>, line: string) => boolean;

const SELECTOR = /^\s*\{([^{}]*)\}/;
const MATCHER = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*(,|$)/;
const STAGE =
  /^\s*(?:(\|=|!=|\|~|!~)\s*("(?:[^"\\]|\\.)*")|\|\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|==|=|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?))/;

/** Null: it cannot be parsed. Lines match by their labels and metadata together. */
export function readLogQl(query: string): Matches | null {
  const selector = SELECTOR.exec(query);
  const matchers = selector === null ? null : readMatchers(selector[1] ?? '');
  if (selector === null || matchers === null) return null;
  const stages: Matches[] = [...matchers];
  for (let rest = query.slice(selector[0].length); rest.trim() !== ''; ) {
    const match = STAGE.exec(rest);
    const stage = match === null ? null : readStage(match);
    if (match === null || stage === null) return null;
    stages.push(stage);
    rest = rest.slice(match[0].length);
  }
  return (labels, line) => stages.every((stage) => stage(labels, line));
}

function readMatchers(text: string): readonly Matches[] | null {
  const matchers: Matches[] = [];
  let isSelective = false;
  for (let rest = text; rest.trim() !== '' || matchers.length === 0; ) {
    const match = MATCHER.exec(rest);
    const value = unquote(match?.[3] ?? '');
    if (match === null || value === null) return null;
    const [whole, name = '', operator = ''] = match;
    const isMatch = compareText(operator, value);
    // "queries require at least one regexp or equality matcher that does not have an empty-compatible value":
    // https://grafana.com/docs/loki/latest/query/troubleshoot-query/
    isSelective ||= (operator === '=' || operator === '=~') && !isMatch('');
    matchers.push((labels) => isMatch(labels[name] ?? ''));
    rest = rest.slice(whole.length);
  }
  return isSelective ? matchers : null;
}

function readStage([
  ,
  lineOperator,
  text = '',
  name = '',
  operator = '',
  operand = '',
]: RegExpExecArray): Matches | null {
  const quoted = lineOperator === undefined ? operand : text;
  if (!quoted.startsWith('"')) {
    const number = Number(operand);
    return (labels) => name in labels && compareNumbers(operator, Number(labels[name]), number);
  }
  const value = unquote(quoted);
  if (value === null) return null;
  if (lineOperator === undefined) {
    const isMatch = compareText(operator, value);
    return (labels) => isMatch(labels[name] ?? '');
  }
  // "|=: Log line contains string", case-sensitive; "|~: Log line contains a match to the regular expression"
  const expression = lineOperator.includes('~') ? new RegExp(value, 'u') : null;
  const isIn = (line: string): boolean => (expression === null ? line.includes(value) : expression.test(line));
  return lineOperator.startsWith('!') ? (_, line) => !isIn(line) : (_, line) => isIn(line);
}

/** "the =~ and !~ regex operators are fully anchored" */
function compareText(operator: string, value: string): (text: string) => boolean {
  const expression = operator.includes('~') ? new RegExp(`^(?:${value})$`, 'u') : null;
  const isEqual = (text: string): boolean => (expression === null ? text === value : expression.test(text));
  return operator.startsWith('!') ? (text) => !isEqual(text) : isEqual;
}

function compareNumbers(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '!=':
      return left !== right;
    default:
      return left === right;
  }
}

/** As Go reads a string in double quotes: fewer escapes than JSON, and no halves of characters. */
function unquote(quoted: string): string | null {
  const body = quoted.slice(1, -1);
  if (/[\n\r]/.test(body) || /\\(?![abfnrtv\\"]|u[0-9a-fA-F]{4})/.test(body.replaceAll('\\\\', ''))) return null;
  if (/\\u[dD][89a-fA-F]/.test(body)) return null;
  const value = body.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (LETTERS[letter] ?? letter) : String.fromCodePoint(Number.parseInt(code, 16)),
  );
  return value.isWellFormed() ? value : null;
}

const LETTERS: Readonly<Record<string, string>> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};
