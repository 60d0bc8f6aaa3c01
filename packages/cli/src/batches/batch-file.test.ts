import { expect, it } from 'vitest';
import { toBatchRequest } from './batch-file.ts';

const ITEMS = [{ action: 'stop', vm: 'a' }];

it('is the request, or its items alone, with what the flags say', () => {
  expect(toBatchRequest(JSON.stringify(ITEMS), {})).toEqual({ items: ITEMS });
  expect(
    toBatchRequest(JSON.stringify({ items: ITEMS, concurrency: 4 }), { inOrder: true, stopOnError: true }),
  ).toEqual({
    ...{ items: ITEMS, concurrency: 1, stop_on_error: true },
  });
  expect(toBatchRequest(JSON.stringify(ITEMS), { parallel: 3 })).toEqual({ items: ITEMS, concurrency: 3 });
});

it('in YAML is left to the server, as the same', () => {
  expect(toBatchRequest('# to stop\n- action: stop\n  vm: a', { inOrder: true })).toBe(
    'items:\n# to stop\n- action: stop\n  vm: a\nconcurrency: 1\n',
  );
  expect(toBatchRequest('items:\n- {action: stop, vm: a}', { stopOnError: true })).toBe(
    'items:\n- {action: stop, vm: a}\nstop_on_error: true\n',
  );
});
