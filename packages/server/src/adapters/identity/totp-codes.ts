import { hash, randomBytes } from 'node:crypto';
import type { TOTP } from 'otpauth';
import type { OneTimeCodes } from '../../ports/one-time-codes.ts';

/** What every common authenticator can do: some of them ignore what else the URI asks for. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const ISSUER = 'Volary';
const SECRET_BYTES = 20;
const RECOVERY_LETTERS = 16;
/** 32 letters that nobody takes for one another: five random bits each, as in base32. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Steps to each side: clocks of telephones differ, and people type slowly. */
const WINDOW = 1;
const STEP_MS = FORM.period * 1_000;

/** One-time codes by the package otpauth, QR codes by qrcode; both are loaded when the first user needs them. */
export function createTotpCodes(): OneTimeCodes {
  return {
    createSecret: () => randomBytes(SECRET_BYTES),
    async enrolment(bytes, account) {
      const totp = await totpOf(bytes, account);
      const uri = totp.toString();
      const { toString: toQr } = await import('qrcode');
      const [qrSvg, qrText] = await Promise.all([toQr(uri, { type: 'svg' }), toQr(uri, { type: 'utf8' })]);
      return { secret: totp.secret.base32, uri, qrSvg, qrText };
    },
    async verify(bytes, code, now) {
      if (!/^[0-9]{6}$/.test(code)) return null;
      const delta = (await totpOf(bytes)).validate({ token: code, timestamp: now, window: WINDOW });
      return delta === null ? null : Math.floor(now / STEP_MS) + delta;
    },
    createRecoveryCodes: (count) =>
      Array.from({ length: count }, () => {
        const letters = Array.from(randomBytes(RECOVERY_LETTERS), (byte) => ALPHABET.charAt(byte % ALPHABET.length));
        const code = (letters.join('').match(/.{4}/g) ?? []).join('-');
        return { code, digest: digestOf(code) };
      }),
    digestOf,
  };
}

async function totpOf(bytes: Uint8Array, label = ''): Promise<TOTP> {
  const { Secret, TOTP } = await import('otpauth');
  return new TOTP({ ...FORM, issuer: ISSUER, label, secret: new Secret({ buffer: new Uint8Array(bytes).buffer }) });
}

/** A plain digest is enough for 80 random bits: nobody tries them all, at whatever speed. */
function digestOf(recoveryCode: string): string {
  return hash('sha256', recoveryCode.toLowerCase().replaceAll(/[\s-]/g, ''), 'base64url');
}
