import { expect, it } from 'vitest';
import { documentBytes } from './document-bytes.ts';
import { ALL_FACES } from './faces.ts';
import { ADMIN_KEY, runServer } from './testing/run-server.ts';

it('a document is written once', () => {
  let count = 0;
  const bytes = documentBytes(() => {
    count += 1;
    return { count };
  });

  expect(bytes().toString()).toBe('{"count":1}');
  expect(bytes()).toBe(bytes());
});

it('the OpenAPI document of each face is served as it is checked in, and counts as any request does', async () => {
  await using server = await runServer({ VOLARY_RATE_LIMIT: '3/min' });
  for (const { face, prefix } of ALL_FACES) {
    const route = face.routes.find(({ operationId }) => operationId === 'getOpenApi');
    const ask = async () =>
      await fetch(`${server.url}${prefix}${route?.path}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    const answers = [await ask(), await ask(), await ask(), await ask()];
    const [first, second] = await Promise.all(answers.map((answer) => answer.text()));
    const { info }: { info: { version: string } } = JSON.parse(first ?? '');

    expect([face.name, ...answers.map(({ status }) => status)]).toEqual([face.name, 200, 200, 200, 429]);
    expect(answers[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(first).toBe(JSON.stringify(face.describe(info.version)));
    expect(second).toBe(first);
  }
});
