/** Runs dependency-cruiser with the repository's rules on any tree. */
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { ROOT } from './repository.ts';

/** One import that breaks a rule; `to` is `from` itself for rules about a module alone. Paths are relative to the tree. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface Cruise {
  /** How many modules were read. With no parser for TypeScript the cruiser reads none and finds no fault. */
  readonly moduleCount: number;
  readonly violations: readonly Violation[];
}

const config = join(ROOT, '.dependency-cruiser.cjs');

/** Checks `folders` of the tree at `root` against the repository's rules. */
export async function cruiseTree(root: string, folders: readonly string[]): Promise<Cruise> {
  const options = await extractDepcruiseOptions(config);
  const { output } = await cruise([...folders], { ...options, baseDir: root, validate: true });
  if (typeof output === 'string') throw new Error(`The cruiser answered with text: ${output}`);
  return {
    moduleCount: output.modules.filter((module) => module.source.endsWith('.ts')).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** Names of the repository's rules. */
export async function listRules(): Promise<readonly string[]> {
  const { ruleSet } = await extractDepcruiseOptions(config);
  return (ruleSet?.forbidden ?? []).map((rule) => rule.name ?? 'unnamed');
}
