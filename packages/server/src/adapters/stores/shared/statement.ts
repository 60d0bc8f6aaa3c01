import { type Compilable, type CompiledQuery, type RawBuilder, sql } from 'kysely';

/** What can be given to a statement. */
export type StatementValue = string | number | Uint8Array | null;

/** Makes what stands in a query for the argument of this name. */
export type Place<Arguments> = <Name extends keyof Arguments & string>(name: Name) => RawBuilder<Arguments[Name]>;

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query that is built and compiled once: building costs Kysely several times what running it costs SQLite. `build` writes
 * `place('name')` where the argument `name` belongs. Returns the function that makes of arguments the query to run.
 */
export function prepareStatement<Arguments extends Readonly<Record<keyof Arguments, StatementValue>>, Row>(
  build: (place: Place<Arguments>) => Compilable<Row>,
): (values: Arguments) => CompiledQuery<Row> {
  const compiled = build((name) => sql`${new Placeholder(name)}`).compile();
  return (values) => {
    const named: Readonly<Record<string, StatementValue>> = values;
    const parameters = compiled.parameters.map((each) => (each instanceof Placeholder ? named[each.name] : each));
    return { ...compiled, parameters };
  };
}
