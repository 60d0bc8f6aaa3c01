/** TypeScript sources as trees, for rules that no linter has. */
import { parseSync } from '@swc/core';
import { readText } from './repository.ts';

/** A node of the tree; its kind is `type`. */
export type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/** A parsed source. */
export interface Source {
  readonly path: string;
  readonly root: Node;
  /** The line, from 1, on which a node begins. */
  lineOf(node: Node): number;
}

/** Parses a file of the repository; throws where it is no TypeScript. */
export function parseSource(path: string): Source {
  return parseText(path, readText(path));
}

/** Parses `text` as if it were at `path`. */
export function parseText(path: string, text: string): Source {
  // Positions go on counting from one parse to the next and are those of bytes. A statement of ours at the very start
  // makes the module begin there, so that its own position is the zero of the others.
  const module: unknown = parseSync(`;${text}`, { syntax: 'typescript', target: 'es2024' });
  if (!isNode(module)) throw new Error(`${path}: not a module`);
  const bytes = Buffer.from(text);
  const zero = startOf(module) + 1;
  const lineOf = (node: Node) =>
    bytes
      .subarray(0, startOf(node) - zero)
      .toString()
      .split('\n').length;
  return { path, root: module, lineOf };
}

/** Every node below `value`, itself included, parents first. */
export function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) yield value;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

/** Nodes of one kind below `value`. */
export function* nodesOfType(value: unknown, type: string): Generator<Node> {
  for (const node of nodesOf(value)) if (node.type === type) yield node;
}

/** The child of `node` called `key`, where it is a node. */
export function childOf(node: Node, key: string): Node | undefined {
  const child = node[key];
  return isNode(child) ? child : undefined;
}

/** The children of `node` called `key`, where they are a list; each as it stands there. */
export function childrenOf(node: Node, key: string): readonly unknown[] {
  const children = node[key];
  return Array.isArray(children) ? children : [];
}

/** The text of an identifier or of a string literal. */
export function textOf(node: Node | undefined): string | undefined {
  return typeof node?.['value'] === 'string' ? node['value'] : undefined;
}

/** True for a node of the tree. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function startOf(node: Node): number {
  const span = node['span'];
  if (typeof span === 'object' && span !== null && 'start' in span && typeof span.start === 'number') return span.start;
  throw new Error(`${node.type} has no position`);
}
