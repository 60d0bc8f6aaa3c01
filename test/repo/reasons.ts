/** The reasons of errors, as the sources give them. */
import { childOf, childrenOf, isNode, type Node, nodesOf, nodesOfType, type Source, textOf } from './syntax.ts';

/** A reason in a source. */
export interface FoundReason {
  readonly reason: string;
  /** The code it comes with, where both are literals of one `new VolaryError(…)`. */
  readonly code: string | undefined;
  /** `path:line` */
  readonly place: string;
}

/** What a source says about reasons. */
export interface Reasons {
  readonly found: readonly FoundReason[];
  /** Places that put a reason together at run time, so that nobody can look it up: `path:line`. */
  readonly computed: readonly string[];
}

const REASON = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/**
 * Finds reasons where they may stand: as a property `reason`, as an argument for a parameter `reason` of a function of
 * the same file, and in tables, which are known by a name with "reason" in it or by a tuple with an element `reason`.
 */
export function findReasons(source: Source): Reasons {
  const found = new Map<Node, FoundReason>();
  const computed: string[] = [];
  const place = (node: Node) => `${source.path}:${source.lineOf(node)}`;
  const add = (value: unknown, code?: string) => {
    for (const literal of nodesOfType(value, 'StringLiteral')) {
      const reason = textOf(literal) ?? '';
      if (REASON.test(reason) && !found.has(literal)) found.set(literal, { reason, code, place: place(literal) });
    }
  };

  for (const error of nodesOfType(source.root, 'NewExpression')) {
    if (textOf(childOf(error, 'callee')) !== 'VolaryError') continue;
    const [code, , options] = argumentsOf(error);
    for (const property of reasonProperties(options)) add(childOf(property, 'value'), textOf(code));
  }
  for (const property of reasonProperties(source.root)) {
    const value = childOf(property, 'value');
    if (value?.type === 'TemplateLiteral') computed.push(place(value));
    else add(value);
  }
  for (const value of reasonAssignments(source.root)) add(value);
  for (const argument of reasonArguments(source.root)) add(argument);
  for (const table of reasonTables(source.root)) add(table);

  return { found: [...found.values()], computed };
}

function* reasonProperties(value: unknown): Generator<Node> {
  for (const property of nodesOfType(value, 'KeyValueProperty')) {
    if (textOf(childOf(property, 'key')) === 'reason') yield property;
  }
}

/** What is assigned to a property `reason`: `this.reason = …`. */
function* reasonAssignments(root: Node): Generator<Node> {
  for (const assignment of nodesOfType(root, 'AssignmentExpression')) {
    const [left, right] = [childOf(assignment, 'left'), childOf(assignment, 'right')];
    const isToReason = left?.type === 'MemberExpression' && textOf(childOf(left, 'property')) === 'reason';
    if (isToReason && right !== undefined) yield right;
  }
}

/** Arguments that go into a parameter called `reason` of a function declared in the same file. */
function* reasonArguments(root: Node): Generator<Node> {
  const positions = new Map<string, number>();
  for (const declared of nodesOfType(root, 'FunctionDeclaration')) {
    const position = childrenOf(declared, 'params').findIndex(
      (param) => isNode(param) && textOf(childOf(param, 'pat')) === 'reason',
    );
    const name = textOf(childOf(declared, 'identifier'));
    if (position >= 0 && name !== undefined) positions.set(name, position);
  }
  for (const call of nodesOfType(root, 'CallExpression')) {
    const argument = argumentsOf(call)[positions.get(textOf(childOf(call, 'callee')) ?? '') ?? -1];
    if (argument !== undefined) yield argument;
  }
}

/** Initial values of variables that are tables of reasons. */
function* reasonTables(root: Node): Generator<Node> {
  for (const variable of nodesOfType(root, 'VariableDeclarator')) {
    const id = childOf(variable, 'id');
    const value = childOf(variable, 'init');
    if (id === undefined || value === undefined) continue;
    if (/reasons?(_|$)/i.test(textOf(id) ?? '') || hasReasonElement(id)) yield value;
  }
}

/** True for a type with a tuple element that is labelled `reason`. */
function hasReasonElement(type: Node): boolean {
  for (const node of nodesOf(type)) {
    if (node.type === 'TsTupleType' && [...nodesOfType(node, 'Identifier')].some((it) => textOf(it) === 'reason'))
      return true;
  }
  return false;
}

function argumentsOf(call: Node): readonly (Node | undefined)[] {
  return childrenOf(call, 'arguments').map((argument) => {
    // An argument is wrapped together with its "..." if it has one.
    const expression =
      typeof argument === 'object' && argument !== null && 'expression' in argument ? argument.expression : undefined;
    return isNode(expression) ? expression : undefined;
  });
}
