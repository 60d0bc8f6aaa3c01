import { describe, expect, it } from 'vitest';
import type { OneTimeCodes } from './one-time-codes.ts';

/** The secret of the test vectors of RFC 6238, appendix B. */
const RFC_SECRET = new TextEncoder().encode('12345678901234567890');
/** Moments in seconds, and the last six digits of the codes of SHA-1 that the RFC gives. */
const RFC_CODES = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

/** What is asked of all one-time codes. */
export function oneTimeCodesContract({
  name,
  make,
}: {
  readonly name: string;
  readonly make: () => OneTimeCodes;
}): void {
  describe(`${name}: contract of one-time codes`, () => {
    it.each(RFC_CODES)('at %i s knows %s, as the RFC has it', async (seconds, code) => {
      expect(await make().verify(RFC_SECRET, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
    });

    it('takes a code one step early or late, and names its own step', async () => {
      const codes = make();
      const at = (seconds: number) => codes.verify(RFC_SECRET, '005924', seconds * 1_000);
      const step = Math.floor(1_234_567_890 / 30);
      const begin = step * 30;

      expect(await Promise.all([begin - 31, begin - 30, begin, begin + 59, begin + 60].map(at))).toEqual([
        null,
        step,
        step,
        step,
        null,
      ]);
    });

    it.each(['', '5924', '5924 ', '00592', '0059240', 'abcdef', '-05924', '0x1724', '٠٠٥٩٢٤'])(
      'does not know %j',
      async (code) => {
        expect(await make().verify(RFC_SECRET, code, 1_234_567_890_000)).toBeNull();
      },
    );

    it('gives authenticators what they need', async () => {
      const { secret, uri, qrSvg, qrText } = await make().enrolment(RFC_SECRET, 'ann@example.org');

      expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
      const url = new URL(uri);
      expect(`${url.protocol}//${url.host}`).toBe('otpauth://totp');
      expect(decodeURIComponent(url.pathname)).toBe('/Volary:ann@example.org');
      expect(Object.fromEntries(url.searchParams)).toMatchObject({
        secret,
        issuer: 'Volary',
        digits: '6',
        period: '30',
      });
      expect(qrSvg).toMatch(/^<svg .*<\/svg>\s*$/s);
      expect(qrSvg).not.toMatch(/script|href/);
      expect(qrText.split('\n').length).toBeGreaterThan(15);
    });

    it('makes secrets and recovery codes that nobody can guess', () => {
      const codes = make();
      const secrets = Array.from({ length: 20 }, () => codes.createSecret());
      const recovery = codes.createRecoveryCodes(10);

      expect(secrets.every(({ length }) => length === 20)).toBe(true);
      expect(new Set(secrets.map(String)).size).toBe(20);
      expect(new Set(recovery.map(({ code }) => code)).size).toBe(10);
      for (const { code, digest } of recovery) {
        expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
        expect(digest).not.toContain(code.slice(0, 4));
        for (const written of [code, code.toUpperCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')}`]) {
          expect(codes.digestOf(written)).toBe(digest);
        }
        expect(codes.digestOf(`${code}x`)).not.toBe(digest);
      }
    });
  });
}
