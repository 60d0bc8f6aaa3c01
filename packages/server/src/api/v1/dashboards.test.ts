import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

const DEPLOY = new URL('../../../../../deploy/', import.meta.url);
const RULES = new URL('prometheus/volary-alerts.yaml', DEPLOY).pathname;
const RULE_TESTS = new URL('prometheus/volary-alerts.test.yaml', DEPLOY).pathname;
const DASHBOARD = new URL('grafana/volary.json', DEPLOY).pathname;

let server: RunningServer;
/** What a new server tells of, with the series that each histogram is made of. */
let names: ReadonlySet<string>;

beforeAll(async () => {
  server = await runServer();
  const text = await createClient({ baseUrl: server.url, apiKey: ADMIN_KEY }).metrics.scrape();
  const told = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', kind]) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  names = new Set(told);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Dashboard {
  readonly panels: readonly { readonly id: number; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}
interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

function dashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD, 'utf8'));
}

function rules(): Rules {
  return parse(readFileSync(RULES, 'utf8'));
}

/** What looks like one of our measures in an expression. */
function measuresIn(expression: string): readonly string[] {
  return expression.match(/\b(?:volary|process|nodejs)_[a-z_]+/g) ?? [];
}

function promtool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('what is shown and alarmed', () => {
  it.each([
    ['dashboard', () => dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), 30],
    ['variables of the dashboard', () => dashboard().templating.list.flatMap(({ definition }) => definition ?? []), 2],
    ['alert rules', () => rules().groups.flatMap((group) => group.rules.map(({ expr }) => expr)), 12],
  ])('by the %s is told by /metrics', (_, read, least) => {
    const expressions = read();

    const used = expressions.flatMap(measuresIn);

    expect(expressions.length).toBeGreaterThanOrEqual(least);
    expect(used.length).toBeGreaterThanOrEqual(least);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  it('has each panel once', () => {
    const ids = dashboard().panels.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is what promtool reads: rules, and each expression of the dashboard as one', () => {
    const expressions = dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const shown = expressions.map((expr, i) => ({
      record: `panel_${i}`,
      expr: expr.replaceAll('$__rate_interval', '1m'),
    }));
    const { status, output } = promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES);
    const asRules = join(server.dataDir, 'panels.json');
    writeFileSync(asRules, JSON.stringify({ groups: [{ name: 'dashboard', rules: shown }] }));
    const panels = promtool('check', 'rules', asRules);

    expect(status, output).toBe(0);
    expect(panels.status, panels.output).toBe(0);
  });

  it('fires when the figures are so, and not before', () => {
    const { status, output } = promtool('test', 'rules', RULE_TESTS);

    expect(status, output).toBe(0);
  });
});
