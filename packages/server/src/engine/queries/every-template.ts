import type { Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';

const PAGE = 500;

/** All versions of all templates of which one is ready, by name, in the order they were made. */
export async function* everyTemplate({ templates }: Pick<Tables, 'templates'>): AsyncIterable<Template> {
  let after: string | null = null;
  for (;;) {
    const page: readonly string[] = await templates.listNames({ limit: PAGE, after });
    for (const name of page) yield* await templates.listVersions(name);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
}
