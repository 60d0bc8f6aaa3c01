import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { styledQr } from './style.ts';

describe('a QR code', () => {
  it('is not painted where it goes into a pipe', () => {
    expect(styledQr(new PassThrough(), ' ▀█\n█▄ \n')).toBe(' ▀█\n█▄ \n');
  });
});
