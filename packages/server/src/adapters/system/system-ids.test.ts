import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseId, uuidOf } from '../../domain/ids.ts';
import { createSystemIds, successor } from './system-ids.ts';

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are well-formed, of version 7, and each is greater than the one before', () => {
    const ids = createSystemIds();
    const made = Array.from({ length: 5000 }, () => ids.create('op'));

    expect(made.every((id) => parseId('op', id) === id && VERSION_7.test(uuidOf(id)))).toBe(true);
    expect(made).toEqual([...new Set(made)].toSorted());
  });

  it('go on growing when the clock is set back', () => {
    const ids = createSystemIds();
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
    const before = ids.create('vm');
    vi.useRealTimers();

    expect(ids.create('vm') > before).toBe(true);
  });

  it('carry through version and variant when a millisecond is used up', () => {
    expect(successor('01a1fc87-da33-7fff-bfff-ffffffffffff', 1)).toBe('01a1fc87-da34-7000-8000-000000000000');
    expect(successor('01a1fc87-da33-7000-bfff-ffffffffffff', 1)).toBe('01a1fc87-da33-7001-8000-000000000000');
    expect(successor('01a1fc87-da33-7000-8000-000000000000', 255)).toBe('01a1fc87-da33-7000-8000-0000000000ff');
  });

  it('bring randomness from 0 up to, not including, 1', () => {
    const ids = createSystemIds();
    const drawn = Array.from({ length: 1000 }, () => ids.random());

    expect(drawn.every((n) => n >= 0 && n < 1)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(900);
  });
});
