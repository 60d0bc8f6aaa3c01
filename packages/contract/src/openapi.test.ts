import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { routes } from './routes.ts';

const text = JSON.stringify(openApiDocument({ version: '1.2.3' }));

describe('the OpenAPI document', () => {
  it('refers only to components that it has', () => {
    const document: { components: { schemas: Record<string, unknown> } } = JSON.parse(text);
    const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] ?? '');

    expect(referred.length).toBeGreaterThan(50);
    for (const name of referred) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('names each schema once, as a component', () => {
    expect(text).not.toContain('"$id"');
  });

  it('has every route', () => {
    const document: { paths: Record<string, Record<string, { operationId: string }>> } = JSON.parse(text);
    const operations = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );

    expect(operations.sort()).toEqual(Object.keys(routes).sort());
  });

  it('is the same each time', () => {
    expect(JSON.stringify(openApiDocument({ version: '1.2.3' }))).toBe(text);
  });

  it('asks for a key everywhere but where none is needed', () => {
    const document: { security: unknown[]; paths: Record<string, Record<string, { security?: unknown[] }>> } =
      JSON.parse(text);
    const open = Object.entries(document.paths).filter(([, methods]) => methods['get']?.security?.length === 0);

    expect(document.security.length).toBeGreaterThan(0);
    expect(open.map(([path]) => path).sort()).toEqual([
      '/.well-known/jwks.json',
      '/docs/errors',
      '/healthz',
      '/readyz',
      '/v1/openapi.json',
    ]);
  });
});
