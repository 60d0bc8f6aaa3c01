import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { MediaType, Route } from './route.ts';
import { routes } from './routes.ts';

const table: readonly (readonly [string, Route])[] = Object.entries(routes);

/** Validates as documents do: formats are checked, unknown keywords are faults. */
function createAjv(): Ajv {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true, addUsedSchema: false });
  ajvFormats.default(ajv);
  ajv.addFormat('binary', true);
  return ajv;
}

function jsonBodiesOf(route: Route): readonly MediaType[] {
  const answers = Object.values(route.responses).flatMap(({ content }) => content);
  const bodies = route.body === undefined ? answers : [route.body.content, ...answers];
  return bodies.filter(({ contentType }) => contentType.includes('json'));
}

function plain(schema: TSchema): object {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)));
}

/** Each schema in this one, with the path to it. */
function* schemasIn(value: unknown, path: string): Generator<readonly [string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  const schema: Record<string, unknown> = { ...value };
  yield [path, schema];
  for (const [key, one] of Object.entries(schema['properties'] ?? {})) yield* schemasIn(one, `${path}.${key}`);
  yield* schemasIn(schema['items'], `${path}[]`);
  const branches: unknown = schema['anyOf'];
  if (Array.isArray(branches)) for (const one of branches) yield* schemasIn(one, `${path}[]`);
}

/** Of what is switched so already, nothing changes. */
const SWITCHES = ['enableTemplate', 'disableTemplate'];

describe.each(table)('route %s', (name, route) => {
  it('has the name it is listed under, and a path whose parts are its parameters', () => {
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

    expect(route.operationId).toBe(name);
    expect(Object.keys(route.params?.properties ?? {})).toEqual(inPath);
  });

  it('says, if it is a POST, how a repetition is kept from taking effect twice', () => {
    // These name an offset, a state or a name that is given once: a repetition finds it reached.
    // Of what logins answer no copy may be kept, and each repetition is a login, a code or an end of its own.
    const isAuth = route.path.startsWith('/v1/auth/');
    const harmless = [
      'writeStdin',
      'resizeExecution',
      'createUser',
      'createSecret',
      'createNetwork',
      'createSecurityGroup',
      'rotateSecretsKey',
      'rollBackVm',
      'attachVolume',
      ...SWITCHES,
    ];
    const isHarmless = isAuth || harmless.includes(name);

    expect(route.keyed !== undefined).toBe(route.method === 'POST' && !isHarmless);
  });

  it('has a word in the audit exactly if it changes something', () => {
    expect(route.action !== undefined).toBe(route.method !== 'GET');
  });

  it('has an example of each body', () => {
    for (const { schema } of jsonBodiesOf(route)) {
      expect(examplesOf({ ...plain(schema) }).length).toBeGreaterThan(0);
    }
  });

  it('takes no field that it does not know', () => {
    const inputs = [route.params, route.query, route.body?.content.schema].filter((schema) => schema !== undefined);
    for (const input of inputs) {
      for (const [path, part] of schemasIn(plain(input), '')) {
        const field = path.replace(/^(\.replica|\.items\[\]\.spec)\b/, '');
        const isFreeForm = field === '.metadata' || field.startsWith('.openapi[');
        if (part['type'] === 'object' && !isFreeForm) {
          expect(part['additionalProperties'], path).not.toBe(true);
          expect(part['additionalProperties'], path).toBeDefined();
        }
      }
    }
  });

  it('bounds every text, number and list that comes in', () => {
    const inputs = [route.params, route.query, route.body?.isStream === true ? undefined : route.body?.content.schema];
    for (const input of inputs) {
      for (const [path, part] of schemasIn(plain(input ?? {}), '')) {
        const bound = {
          string: ['maxLength', 'pattern', 'enum'],
          integer: ['maximum', 'minimum'],
          array: ['maxItems'],
        };
        const wanted = Object.entries(bound).find(([type]) => type === part['type'])?.[1];
        if (wanted !== undefined)
          expect(
            wanted.some((keyword) => keyword in part),
            path,
          ).toBe(true);
      }
    }
  });
});

describe('the table of routes', () => {
  it('has one route for a method and a path', () => {
    const places = table.map(([, { method, path }]) => `${method} ${path}`);

    expect(new Set(places).size).toBe(places.length);
  });

  it('has examples that are true to their schemas, at any depth', () => {
    const ajv = createAjv();
    const shown = new Map(partsOfBodies().map(([path, part]) => [JSON.stringify(part), { path, part }]));
    const examples = [...shown.values()].flatMap(({ path, part }) =>
      examplesOf(part).map((example) => ({ path, part, example })),
    );

    expect(examples.length).toBeGreaterThan(40);
    for (const { path, part, example } of examples) {
      const validate = ajv.compile(part);
      expect(validate(example) ? [] : validate.errors, path).toEqual([]);
    }
  });

  it('says of every field what it means', () => {
    const isObvious = /\.(items|type|data|execution|problem|minimum|maximum)$|\[\]$/;
    const silent = partsOfBodies().filter(([path, part]) => !isObvious.test(path) && part['description'] === undefined);

    expect(silent.filter(([, part]) => !Array.isArray(part['anyOf'])).map(([path]) => path)).toEqual([]);
  });
});

function partsOfBodies(): (readonly [string, Record<string, unknown>])[] {
  return table.flatMap(([name, route]) =>
    jsonBodiesOf(route).flatMap(({ schema }) => [...schemasIn(plain(schema), name)]),
  );
}

function examplesOf(part: Record<string, unknown>): readonly unknown[] {
  return Array.isArray(part['examples']) ? part['examples'] : [];
}
