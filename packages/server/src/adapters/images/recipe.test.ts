import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RecipeDefinition } from '../../domain/image/definition.ts';
import { contentDigest, imageSources, rootSources } from './digests.ts';
import { parseRecipe, recipeOn } from './recipe.ts';

const text = readFileSync(new URL('../../../../../guest/image/base/recipe.json', import.meta.url), 'utf8');

const SCRIPTS = { customize: 'script', add: 'script' };

describe('a recipe', () => {
  it.each([
    ['packages', ['--option']],
    ['packages', ['a b']],
    ['suite', '../../etc'],
    ['kernelPackage', ''],
    ['rootGib', 0],
    ['rootGib', 1.5],
    ['modules', 'virtio'],
  ])('is refused with %s = %j', (field, value) => {
    expect(() => parseRecipe('base', JSON.stringify({ ...JSON.parse(text), [field]: value }))).toThrow(
      'not well-formed',
    );
  });

  it('must have the name of its directory', () => {
    expect(() => parseRecipe('other', text)).toThrow('not well-formed');
  });

  it('makes another root when what is in it changes, and only then', () => {
    const recipe = parseRecipe('base', text);
    const digest = rootSources(recipe, SCRIPTS);

    expect(rootSources({ ...recipe, description: 'other words', modules: [] }, SCRIPTS)).toBe(digest);
    expect(rootSources({ ...recipe, packages: [...recipe.packages, 'vim'] }, SCRIPTS)).not.toBe(digest);
    expect(rootSources(recipe, { ...SCRIPTS, customize: 'another' })).not.toBe(digest);
    // What is only for recipes of users is nothing to the others.
    expect(rootSources(recipe, { ...SCRIPTS, add: 'another' })).toBe(digest);
  });

  it('of a user is that of base with more in it, which makes another root', () => {
    const base = parseRecipe('base', text);
    const definition: RecipeDefinition = {
      ...{ kind: 'recipe', description: 'Mine', packages: ['jq', 'git'], rootGib: 2, commands: ['true'] },
      files: [{ path: '/etc/motd', content: 'hello', mode: 0o644, owner: 'root' }],
    };
    const mine = recipeOn(base, 'mine', definition);

    expect(mine).toMatchObject({ name: 'mine', suite: base.suite, kernelPackage: base.kernelPackage, rootGib: 2 });
    expect(mine.packages).toEqual([...base.packages, 'jq']);
    const digests = [
      ...[mine, recipeOn(base, 'mine', { ...definition, commands: ['false'] })],
      recipeOn(base, 'mine', { ...definition, files: [] }),
    ].map((recipe) => rootSources(recipe, SCRIPTS));
    expect(new Set(digests).size).toBe(3);
    expect(rootSources(mine, { ...SCRIPTS, add: 'another' })).not.toBe(digests[0]);
  });

  it('makes another image, of the same root, when the agent or the modules change', () => {
    const recipe = parseRecipe('base', text);
    const digest = imageSources('root', recipe, 'agent');

    expect(imageSources('root', recipe, 'another agent')).not.toBe(digest);
    expect(imageSources('root', { ...recipe, modules: [] }, 'agent')).not.toBe(digest);
  });

  it('is not what names an image: the same recipe, built of newer packages, is another one', () => {
    const file = (sha256: string) => ({ sizeBytes: 1, sha256 });
    const files = { kernel: file('a'), initramfs: file('b'), root: file('c') };
    const digest = contentDigest('base', files);

    expect(contentDigest('base', { ...files })).toBe(digest);
    expect(contentDigest('base', { ...files, root: file('d') })).not.toBe(digest);
    expect(contentDigest('base', { ...files, kernel: file('d') })).not.toBe(digest);
    expect(contentDigest('base', { ...files, initramfs: file('d') })).not.toBe(digest);
  });
});
