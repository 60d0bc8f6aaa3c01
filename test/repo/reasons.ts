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
  /** Reasons that are not given but compared with: keys of tables `…BY_REASON`, and what `x.reason` is compared with. */
  readonly lookedUp: readonly FoundReason[];
  /** Places that put a reason together at run time, so that nobody can look it up: `path:line`. */
  readonly computed: readonly string[];
}

const REASON = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/**
 * Finds reasons where they may stand: as a property `reason`, as an argument for a parameter `reason` of a function of
 * the same file, and in tables, which are known by a name with "reason" in it or by a tuple with an element `reason`.
 */
export function findReasons(source: Source): Reasons {
  const place = (node: Node) => `${source.path}:${source.lineOf(node)}`;
  // A reason may stand in two of these places at once; the one that knows its code comes first and counts.
  const collect = (values: Iterable<Value>) => {
    const reasons = new Map<Node, FoundReason>();
    for (const { value, code } of values) {
      for (const literal of nodesOfType(value, 'StringLiteral')) {
        const reason = textOf(literal) ?? '';
        if (REASON.test(reason) && !reasons.has(literal)) reasons.set(literal, { reason, code, place: place(literal) });
      }
    }
    return [...reasons.values()];
  };
  return {
    found: collect([...valuesWithCode(source.root), ...withoutCode(valuesAlone(source.root))]),
    lookedUp: collect(withoutCode(valuesLookedUp(source.root))),
    computed: [...reasonProperties(source.root)]
      .flatMap((property) => childOf(property, 'value') ?? [])
      .filter((value) => value.type === 'TemplateLiteral')
      .map(place),
  };
}

/** An expression with reasons in it. */
interface Value {
  readonly value: Node;
  readonly code: string | undefined;
}

function withoutCode(values: Iterable<Node>): readonly Value[] {
  return [...values].map((value) => ({ value, code: undefined }));
}

/** `new VolaryError(code, message, { reason })` and `{ code, reason }`. */
function* valuesWithCode(root: Node): Generator<Value> {
  for (const error of nodesOfType(root, 'NewExpression')) {
    if (textOf(childOf(error, 'callee')) !== 'VolaryError') continue;
    const [code, , options] = argumentsOf(error);
    for (const property of reasonProperties(options)) {
      const value = childOf(property, 'value');
      if (value !== undefined) yield { value, code: textOf(code) };
    }
  }
  for (const object of nodesOfType(root, 'ObjectExpression')) {
    const [code, value] = [ownProperty(object, 'code'), ownProperty(object, 'reason')];
    if (code?.type === 'StringLiteral' && value !== undefined) yield { value, code: textOf(code) };
  }
}

function* valuesAlone(root: Node): Generator<Node> {
  for (const property of reasonProperties(root)) {
    const value = childOf(property, 'value');
    if (value !== undefined) yield value;
  }
  yield* reasonAssignments(root);
  yield* reasonArguments(root);
  yield* tables(root, isTableOfReasons);
}

function* valuesLookedUp(root: Node): Generator<Node> {
  yield* tables(root, isTableByReason);
  yield* reasonComparisons(root);
}

function* reasonProperties(value: unknown): Generator<Node> {
  for (const property of nodesOfType(value, 'KeyValueProperty')) {
    if (textOf(childOf(property, 'key')) === 'reason') yield property;
  }
}

/** The value of one of an object's properties. */
function ownProperty(object: Node, key: string): Node | undefined {
  for (const property of childrenOf(object, 'properties')) {
    if (isNode(property) && textOf(childOf(property, 'key')) === key) return childOf(property, 'value');
  }
  return undefined;
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

/** Initial values of the variables that `isWanted`. */
function* tables(root: Node, isWanted: (id: Node) => boolean): Generator<Node> {
  for (const variable of nodesOfType(root, 'VariableDeclarator')) {
    const id = childOf(variable, 'id');
    const value = childOf(variable, 'init');
    if (id !== undefined && value !== undefined && isWanted(id)) yield value;
  }
}

function isTableByReason(id: Node): boolean {
  return /by_?reason$/i.test(textOf(id) ?? '');
}

function isTableOfReasons(id: Node): boolean {
  return !isTableByReason(id) && (/reasons?(_|$)/i.test(textOf(id) ?? '') || hasReasonElement(id) || takesReason(id));
}

/** What a property `reason` is compared with. */
function* reasonComparisons(root: Node): Generator<Node> {
  for (const comparison of nodesOfType(root, 'BinaryExpression')) {
    const [left, right] = [childOf(comparison, 'left'), childOf(comparison, 'right')];
    const isOfReason = left?.type === 'MemberExpression' && textOf(childOf(left, 'property')) === 'reason';
    if (isOfReason && right !== undefined) yield right;
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

/** True for `[reason, message]`, which takes values apart. */
function takesReason(pattern: Node): boolean {
  return (
    pattern.type === 'ArrayPattern' && [...nodesOfType(pattern, 'Identifier')].some((it) => textOf(it) === 'reason')
  );
}

function argumentsOf(call: Node): readonly (Node | undefined)[] {
  return childrenOf(call, 'arguments').map((argument) => {
    // An argument is wrapped together with its "..." if it has one.
    const expression =
      typeof argument === 'object' && argument !== null && 'expression' in argument ? argument.expression : undefined;
    return isNode(expression) ? expression : undefined;
  });
}
