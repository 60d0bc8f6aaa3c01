import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SETUP_STATES, STEP_KINDS, STEP_STATES } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import { anyId, moment, object, orNull, small, texts, words } from './arbitraries.contract.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId } from './samples.contract.ts';
import { sampleWorkspace } from './workspace-samples.contract.ts';

/** Any workspace; whoever stores it gives it ids, a name and a revision. */
const anyWorkspace: fc.Arbitrary<Omit<Workspace, 'id' | 'vmId' | 'name' | 'owner' | 'revision'>> = fc.record({
  labels: texts,
  metadata: object,
  ttlSeconds: orNull(small),
  repository: orNull(fc.record({ url: words, ref: orNull(words), directory: words })),
  setup: fc.record({
    state: fc.constantFrom(...SETUP_STATES),
    message: orNull(words),
    steps: fc.array(
      fc.record({
        kind: fc.constantFrom(...STEP_KINDS),
        command: words,
        timeoutSeconds: small,
        state: fc.constantFrom(...STEP_STATES),
        executionId: orNull(anyId('exec')),
        tries: small,
        startedAt: orNull(moment),
        completedAt: orNull(moment),
      }),
      { maxLength: 3 },
    ),
  }),
  isDeleting: fc.boolean(),
  generation: small,
  createdAt: moment,
  updatedAt: moment,
});

/** What is asked of the table of workspaces. */
export function workspaceTableContract(make: MakeStore): void {
  describe('workspaces', () => {
    it(
      'are read as they were written, by their id and by their VM',
      withStore(make, async ({ workspaces }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyWorkspace, anyWorkspace, async (any, change) => {
            number += 1;
            const { id, vmId, name, owner } = sampleWorkspace(number);
            const fixed = { id, vmId, name, owner };
            await workspaces.insert({ ...any, ...fixed, revision: 1 });
            expect(await workspaces.get(id)).toEqual({ ...any, ...fixed, revision: 1 });
            const changed = { ...change, ...fixed, revision: 2 };
            await workspaces.update(changed);
            expect(await workspaces.getByVm(vmId)).toEqual(changed);
          }),
          { numRuns: 40 },
        );
        expect(await workspaces.get(numberedId('ws', 999))).toBeNull();
        expect(await workspaces.getByVm(numberedId('vm', 999))).toBeNull();
      }),
    );

    it(
      'have names that their owner uses once, until they go',
      withStore(make, async ({ workspaces }) => {
        const first = sampleWorkspace(1);
        await workspaces.insert(first);
        await workspaces.insert(sampleWorkspace(2, { name: first.name, owner: 'ann' }));
        const again = sampleWorkspace(3, { name: first.name });

        await expect(workspaces.insert(again)).rejects.toEqual(refusal('already_exists', 'workspace.name_taken'));
        await workspaces.update({ ...first, isDeleting: true, revision: 2 });
        await workspaces.insert(again);
        const ids = async (which: { readonly owner?: string }) =>
          (await workspaces.listByName(first.name, { limit: 9, ...which })).map(({ id }) => id);
        expect(await ids({ owner: 'admin' })).toEqual([again.id, first.id]);
        expect(await ids({})).toEqual([again.id, numberedId('ws', 2), first.id]);
      }),
    );

    it(
      'are listed page by page, of all, of one owner, or of those that are to be gone on with',
      withStore(make, async ({ workspaces }) => {
        const done = { state: 'done', steps: [], message: null } as const;
        await workspaces.insert(sampleWorkspace(1));
        await workspaces.insert(sampleWorkspace(2, { owner: 'ann', setup: done }));
        await workspaces.insert(sampleWorkspace(3));
        const names = (found: readonly Workspace[]) => found.map(({ name }) => name);

        expect(names(await workspaces.list({ limit: 2, after: null }))).toEqual(['desk-1', 'desk-2']);
        expect(names(await workspaces.list({ limit: 2, after: numberedId('ws', 2) }))).toEqual(['desk-3']);
        expect(names(await workspaces.list({ limit: 2, after: null, owner: 'ann' }))).toEqual(['desk-2']);
        expect(names(await workspaces.listPending({ limit: 9, after: null }))).toEqual(['desk-1', 'desk-3']);
        expect(names(await workspaces.listPending({ limit: 9, after: numberedId('ws', 1) }))).toEqual(['desk-3']);
      }),
    );

    it(
      'are written by whoever has seen them as they are, and go with their VM',
      withStore(make, async ({ workspaces }) => {
        const workspace = sampleWorkspace(1);
        await workspaces.insert(workspace);
        await workspaces.insert(sampleWorkspace(2));
        await workspaces.update({ ...workspace, ttlSeconds: 60, revision: 2 });
        const late = refusal('conflict', 'store.revision');

        await expect(workspaces.update({ ...workspace, revision: 2 })).rejects.toEqual(late);
        await workspaces.deleteOfVm(workspace.vmId);
        await workspaces.deleteOfVm(workspace.vmId);
        expect(await workspaces.get(workspace.id)).toBeNull();
        await expect(workspaces.update({ ...workspace, revision: 3 })).rejects.toEqual(late);
        expect(await workspaces.get(numberedId('ws', 2))).not.toBeNull();
      }),
    );
  });
}
