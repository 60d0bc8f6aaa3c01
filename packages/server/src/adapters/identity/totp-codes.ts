import { hash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { toString as toQr } from 'qrcode';
import type { OneTimeCodes } from '../../ports/one-time-codes.ts';

/** What every common authenticator can do: some of them ignore what else the URI asks for. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const ISSUER = 'Volary';
const SECRET_BYTES = 20;
/** 80 bits, which in base32 are 16 letters. */
const RECOVERY_BYTES = 10;
/** Steps to each side: clocks of telephones differ, and people type slowly. */
const WINDOW = 1;
const STEP_MS = FORM.period * 1_000;

/** One-time codes by the package otpauth, QR codes by qrcode. */
export function createTotpCodes(): OneTimeCodes {
  return {
    createSecret: () => randomBytes(SECRET_BYTES),
    async enrolment(bytes, account) {
      const secret = secretOf(bytes);
      const uri = new TOTP({ ...FORM, issuer: ISSUER, label: account, secret }).toString();
      const [qrSvg, qrText] = await Promise.all([toQr(uri, { type: 'svg' }), toQr(uri, { type: 'utf8' })]);
      return { secret: secret.base32, uri, qrSvg, qrText };
    },
    verify(bytes, code, now) {
      const delta = /^[0-9]{6}$/.test(code)
        ? new TOTP({ ...FORM, secret: secretOf(bytes) }).validate({ token: code, timestamp: now, window: WINDOW })
        : null;
      return delta === null ? null : Math.floor(now / STEP_MS) + delta;
    },
    createRecoveryCodes: (count) =>
      Array.from({ length: count }, () => {
        const letters = secretOf(randomBytes(RECOVERY_BYTES)).base32.toLowerCase();
        const code = (letters.match(/.{4}/g) ?? []).join('-');
        return { code, digest: digestOf(code) };
      }),
    digestOf,
  };
}

function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}

/** A plain digest is enough for 80 random bits: nobody tries them all, at whatever speed. */
function digestOf(recoveryCode: string): string {
  return hash('sha256', recoveryCode.toLowerCase().replaceAll(/[\s-]/g, ''), 'base64url');
}
