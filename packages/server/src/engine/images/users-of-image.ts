import type { Tables } from '../../ports/store.ts';
import { everyVm } from '../queries/every-vm.ts';

/** What a name is needed by, other than what was made of it. */
export interface NameUser {
  readonly kind: 'vm' | 'template';
  /** Of a template: `name@version`. */
  readonly name: string;
}

const PAGE = 500;

/** VMs that were asked for with the image of this name, and versions of templates that VMs are asked for by. */
export async function usersOfName(
  tables: Pick<Tables, 'vms' | 'templates'>,
  image: string,
): Promise<readonly NameUser[]> {
  const users: NameUser[] = [];
  for await (const { name, spec } of everyVm(tables)) if (spec.image === image) users.push({ kind: 'vm', name });
  let after: string | null = null;
  for (;;) {
    const page: readonly string[] = await tables.templates.listNames({ limit: PAGE, after });
    for (const name of page)
      for (const { version, content } of await tables.templates.listVersions(name))
        if (content.spec.image === image) users.push({ kind: 'template', name: `${name}@${version}` });
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return users;
    after = last;
  }
}
