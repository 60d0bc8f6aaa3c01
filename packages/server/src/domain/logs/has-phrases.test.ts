import { expect, it } from 'vitest';
import { hasPhrases } from './has-phrases.ts';
import { phrasesOf } from './log-query.ts';

it.each([
  ['refused', 'Connection REFUSED by peer', true],
  ['refuse', 'Connection REFUSED by peer', false],
  ['peer connection', 'Connection REFUSED by peer', true],
  ['user=42', 'user=42 logged in', true],
  ['user=42', '42 users: user 420', false],
  ['cafe', 'café ouvert', true],
  ['café', 'CAFE\u0301', true],
  ['名前', 'x 名前 y', true],
])('%j in %j: %j', (search, text, isThere) => {
  expect(hasPhrases(text, phrasesOf(search) ?? [])).toBe(isThere);
});
