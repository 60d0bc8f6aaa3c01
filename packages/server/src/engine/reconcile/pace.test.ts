import { describe, expect, it } from 'vitest';
import { paced } from './pace.ts';

describe('the pace of looks at all VMs', () => {
  it('is as it was set for some, and slower for very many', () => {
    expect(paced(30_000, 0)).toBe(30_000);
    expect(paced(30_000, 3_000)).toBe(30_000);
    expect(paced(10_000, 3_000)).toBe(30_000);
    expect(paced(30_000, 10_000)).toBe(100_000);
  });
});
