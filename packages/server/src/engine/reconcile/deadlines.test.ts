import { expect, it } from 'vitest';
import { idFromUuid } from '../../domain/ids.ts';
import { createDeadlines } from './deadlines.ts';

const VM = idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057');

it('counts each span from when it was first asked for, by the monotonic clock', () => {
  let now = 1_000;
  const deadlines = createDeadlines({ monotonicMs: () => now });

  expect(deadlines.leftMs(VM, 'first', 500)).toBe(500);
  now += 200;
  expect(deadlines.leftMs(VM, 'first', 500)).toBe(300);
  now += 1_000;
  expect(deadlines.leftMs(VM, 'first', 500)).toBe(0);
  expect(deadlines.leftMs(VM, 'second', 500)).toBe(500);
  deadlines.forget(VM);
  now += 100;
  expect(deadlines.leftMs(VM, 'second', 500)).toBe(500);
});
