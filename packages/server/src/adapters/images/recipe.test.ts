import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contentDigest, imageSources, rootSources } from './digests.ts';
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
    const digest = rootSources(recipe, 'script');

    expect(rootSources({ ...recipe, description: 'other words', modules: [] }, 'script')).toBe(digest);
    expect(rootSources({ ...recipe, packages: [...recipe.packages, 'vim'] }, 'script')).not.toBe(digest);
    expect(rootSources(recipe, 'another script')).not.toBe(digest);
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
