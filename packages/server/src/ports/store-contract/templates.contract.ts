import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TEMPLATE_STATES, type Template } from '../../domain/template/template.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import { anyId, anyStoredSpec, moment, orNull, small, texts, words } from './arbitraries.contract.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { anyDefinition } from './images.contract.ts';
import { numberedId, sampleTemplate, sampleVm } from './samples.contract.ts';

/** Any version of a template; whoever stores it gives it an id, a name, a version and a revision. */
const anyTemplate: fc.Arbitrary<Omit<Template, 'id' | 'name' | 'version' | 'revision'>> = fc.record({
  description: words,
  content: fc.record({
    spec: fc
      .record({
        image: words,
        vcpuCount: small,
        memoryMib: small,
        diskGib: small,
        network: fc.record({ mode: fc.constantFrom('user', 'none'), egress: fc.constant('deny' as const) }),
        ...anyStoredSpec,
      })
      .map(({ template, tools, ...spec }) => spec),
    image: orNull(anyDefinition),
    tools: fc.array(words, { maxLength: 3 }),
    labels: texts,
  }),
  state: fc.constantFrom(...TEMPLATE_STATES),
  operationId: orNull(anyId('op')),
  isEnabled: fc.boolean(),
  isBuiltIn: fc.boolean(),
  owner: words,
  createdAt: moment,
  updatedAt: moment,
  lastUsedAt: orNull(moment),
});

/** What is asked of the table of templates. */
export function templateTableContract(make: MakeStore): void {
  describe('templates', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ templates }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyTemplate, anyTemplate, async (any, change) => {
            number += 1;
            const fixed = { id: numberedId('tpl', number), name: `name ${number}`, version: '1' };
            await templates.insert({ ...any, ...fixed, revision: 1 });
            expect(await templates.get(fixed.id)).toEqual({ ...any, ...fixed, revision: 1 });
            const changed = { ...change, ...fixed, revision: 2 };
            await templates.update(changed);
            expect(await templates.listVersions(fixed.name)).toEqual([{ ...changed, lastUsedAt: any.lastUsedAt }]);
          }),
          { numRuns: 40 },
        );
        expect(await templates.get(numberedId('tpl', 999))).toBeNull();
      }),
    );

    it(
      'have each version once',
      withStore(make, async ({ templates }) => {
        await templates.insert(sampleTemplate(1, { name: 'web', version: '1' }));
        await templates.insert(sampleTemplate(3, { name: 'web', version: '2' }));
        await templates.insert(sampleTemplate(2, { name: 'other', version: '1' }));

        const again = templates.insert(sampleTemplate(4, { name: 'web', version: '1', owner: 'ann' }));

        await expect(again).rejects.toEqual(refusal('already_exists', 'template.exists'));
        const versions = (await templates.listVersions('web')).map(({ id }) => id);
        expect(versions).toEqual([numberedId('tpl', 1), numberedId('tpl', 3)]);
      }),
    );

    it(
      'are listed by name, page by page, as far as a version is ready, of all or of one owner',
      withStore(make, async ({ templates }) => {
        const add = (number: number, change: Parameters<typeof sampleTemplate>[1]) =>
          templates.insert(sampleTemplate(number, change));
        await add(1, { name: 'web', version: '1' });
        await add(2, { name: 'web', version: '2', owner: 'ann' });
        await add(3, { name: 'api', owner: 'ann' });
        await add(4, { name: 'half', state: 'installing', operationId: numberedId('op', 1) });

        expect(await templates.listNames({ limit: 1, after: null })).toEqual(['api']);
        expect(await templates.listNames({ limit: 5, after: 'api' })).toEqual(['web']);
        expect(await templates.listNames({ limit: 5, after: null, owner: 'admin' })).toEqual(['web']);
        expect(await templates.listNames({ limit: 5, after: null, owner: 'bob' })).toEqual([]);
      }),
    );

    it(
      'are known for having come with the program',
      withStore(make, async ({ templates }) => {
        await templates.insert(sampleTemplate(1));
        await templates.insert(sampleTemplate(2, { isBuiltIn: true }));

        expect((await templates.listBuiltIn()).map(({ id }) => id)).toEqual([numberedId('tpl', 2)]);
      }),
    );

    it(
      'remember when they were used last, never an earlier moment, whoever writes them meanwhile',
      withStore(make, async ({ templates }) => {
        const [used, other] = [sampleTemplate(1), sampleTemplate(2)];
        await templates.insert(used);
        await templates.insert(other);

        for (const at of [5, 9, 7]) await templates.noteUsed(used, at);
        await templates.update({ ...used, isEnabled: false, revision: 2 });
        await templates.noteUsed({ name: used.name, version: 'gone' }, 11);

        expect(await templates.get(used.id)).toMatchObject({ lastUsedAt: 9, isEnabled: false, revision: 2 });
        expect(await templates.get(other.id)).toEqual(other);
      }),
    );

    it(
      'are written and removed by whoever has seen them as they are',
      withStore(make, async ({ templates }) => {
        const template = sampleTemplate(1);
        await templates.insert(template);
        await templates.update({ ...template, isEnabled: false, revision: 2 });
        const late = refusal('conflict', 'store.revision');

        await expect(templates.update({ ...template, revision: 2 })).rejects.toEqual(late);
        await expect(templates.delete(template.id, 1)).rejects.toEqual(late);
        await templates.delete(template.id, 2);
        expect(await templates.get(template.id)).toBeNull();
      }),
    );
  });

  describe('VMs', () => {
    it(
      'are found by the template that they were made from, and its version',
      withStore(make, async ({ vms }) => {
        const made = (name: string, version: string) => ({
          spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } as const, template: { name, version } },
        });
        await vms.insert(sampleVm(1, made('web', '1')));
        await vms.insert(sampleVm(2, made('web', '2')));
        await vms.insert(sampleVm(3, made('other', '1')));
        await vms.insert(sampleVm(4));
        const numbersOf = async (name: string, version: string | null, limit = 9) =>
          (await vms.listMadeFrom({ name, version }, limit)).map(({ id }) => id);

        expect(await numbersOf('web', null)).toEqual([numberedId('vm', 1), numberedId('vm', 2)]);
        expect(await numbersOf('web', '2')).toEqual([numberedId('vm', 2)]);
        expect(await numbersOf('web', null, 1)).toEqual([numberedId('vm', 1)]);
        expect(await numbersOf('unknown', null)).toEqual([]);
      }),
    );
  });
}
