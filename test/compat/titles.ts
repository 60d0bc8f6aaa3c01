/** Which tests a file has. */
import { childOf, childrenOf, isNode, type Node, nodesOfType, parseText, textOf } from '../repo/syntax.ts';

/** What is no test that runs. */
const NOT_RUN: ReadonlySet<string> = new Set(['skip', 'todo', 'fails']);

/** The titles of the tests in this source that are written out, `it.each([…])('…')` among them; not those of what is skipped, nor of groups. */
export function titlesOf(text: string): ReadonlySet<string> {
  const titles = new Set<string>();
  for (const call of nodesOfType(parseText('', text).root, 'CallExpression')) {
    const callee = childOf(call, 'callee');
    const [first] = childrenOf(call, 'arguments');
    const title = titleIn(argumentOf(first));
    if (title !== undefined && callee !== undefined && makesTests(callee)) titles.add(title);
  }
  return titles;
}

function argumentOf(given: unknown): unknown {
  return typeof given === 'object' && given !== null && 'expression' in given ? given.expression : undefined;
}

function titleIn(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'StringLiteral') return textOf(value);
  const [only, second] = childrenOf(value, 'quasis');
  if (value.type !== 'TemplateLiteral' || !isNode(only) || second !== undefined) return undefined;
  return typeof only['cooked'] === 'string' ? only['cooked'] : undefined;
}

/** `it`, `test`, and what is called of them: `it.each(…)`, `it.concurrent`, `it.skipIf(…)`. */
function makesTests(callee: Node): boolean {
  switch (callee.type) {
    case 'Identifier':
      return ['it', 'test'].includes(textOf(callee) ?? '');
    case 'MemberExpression': {
      const [object, property] = [childOf(callee, 'object'), childOf(callee, 'property')];
      return object !== undefined && !NOT_RUN.has(textOf(property) ?? '') && makesTests(object);
    }
    case 'CallExpression': {
      const inner = childOf(callee, 'callee');
      return inner !== undefined && makesTests(inner);
    }
    case 'TaggedTemplateExpression': {
      const tag = childOf(callee, 'tag');
      return tag !== undefined && makesTests(tag);
    }
    default:
      return false;
  }
}
