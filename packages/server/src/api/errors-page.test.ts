import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ERROR_CODES, type Problem, routes } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { ERRORS_PAGE_POLICY, toErrorsPage } from './errors-page.ts';
import { runServer } from './testing/run-server.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id);
}

describe('the page of errors', () => {
  it('has an anchor for each code, and for each reason that a route names, once', () => {
    const anchors = anchorsOf(toErrorsPage(DOCUMENT));
    const reasons = Object.values(routes).flatMap(({ errors }) => Object.values<readonly string[]>(errors).flat());

    expect([...ERROR_CODES, ...reasons].filter((name) => !anchors.includes(name))).toEqual([]);
    expect(reasons.length).toBeGreaterThan(100);
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  it('has each row of the document, with its words', () => {
    const page = toErrorsPage(DOCUMENT);
    const rows = DOCUMENT.split('\n').filter((line) => line.startsWith('| `'));

    expect(page.match(/<tr[^>]*><td>/g)?.length).toBe(rows.length);
    expect(page).toContain('<tr id="vm.unknown"><td><code>vm.unknown</code></td><td>');
    // Nothing is left of Markdown, and no row has lost or got a cell.
    expect(page.replaceAll(/<code>[^<]*<\/code>/g, '')).not.toMatch(/`|\]\(|\|/);
    expect(page.match(/<td>/g)?.length).toBe(3 * rows.length);
  });

  it('takes signs of HTML for text', () => {
    const page = toErrorsPage(
      '# `<b>` & "c"\n\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| `"><i>` | [<u>](x.md) |\n',
    );

    expect(page).not.toMatch(/<(?:b|i|u|script)>/);
    expect(page).toContain(
      '<tr id="&quot;&gt;&lt;i&gt;"><td><code>&quot;&gt;&lt;i&gt;</code></td><td>&lt;u&gt; (docs/x.md)</td>',
    );
  });
});

it('is where the type of an error leads to, without a key, and browsers let it do nothing', async () => {
  await using server = await runServer();
  const refused = await fetch(`${server.url}/v1/vms`);
  const { type }: Problem = JSON.parse(await refused.text());

  const found = await fetch(new URL(type, server.url));

  expect([found.status, found.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const page = await found.text();
  expect(anchorsOf(page)).toContain(new URL(type, server.url).hash.slice(1));
  expect(page).toBe(toErrorsPage(DOCUMENT));
  const style = /<style>(.*)<\/style>/.exec(page)?.[1] ?? '';
  expect(found.headers.get('content-security-policy')).toBe(ERRORS_PAGE_POLICY);
  expect(ERRORS_PAGE_POLICY).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  expect((await fetch(`${server.url}/docs/errors`, { method: 'DELETE' })).status).toBe(405);
});
