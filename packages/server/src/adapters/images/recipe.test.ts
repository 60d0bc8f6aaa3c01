import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageDigest, rootDigest } from './digests.ts';
import { parseRecipe } from './recipe.ts';

const text = readFileSync(new URL('../../../../../guest/image/base/recipe.json', import.meta.url), 'utf8');

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
    const digest = rootDigest(recipe, 'script');

    expect(rootDigest({ ...recipe, description: 'other words', modules: [] }, 'script')).toBe(digest);
    expect(rootDigest({ ...recipe, packages: [...recipe.packages, 'vim'] }, 'script')).not.toBe(digest);
    expect(rootDigest(recipe, 'another script')).not.toBe(digest);
  });

  it('makes another image, of the same root, when the agent or the modules change', () => {
    const recipe = parseRecipe('base', text);
    const digest = imageDigest('root', recipe, 'agent');

    expect(imageDigest('root', recipe, 'another agent')).not.toBe(digest);
    expect(imageDigest('root', { ...recipe, modules: [] }, 'agent')).not.toBe(digest);
  });
});
