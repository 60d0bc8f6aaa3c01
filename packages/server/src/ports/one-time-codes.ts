import type { EpochMs } from '../domain/time.ts';

/** What somebody needs to make an authenticator show the codes of a secret. */
export interface Enrolment {
  /** In base32, to be typed. */
  readonly secret: string;
  /** `otpauth://totp/…`, to be read by the authenticator. */
  readonly uri: string;
  /** The URI as a QR code: an SVG image, and a picture for terminals. */
  readonly qrSvg: string;
  readonly qrText: string;
}

/** A code to be used once in place of an authenticator that is lost, and what is kept of it. */
export interface RecoveryCode {
  readonly code: string;
  readonly digest: string;
}

/** One-time codes by time (RFC 6238), as common authenticators show them: SHA-1, 6 digits, 30 seconds. */
export interface OneTimeCodes {
  /** A new secret: 160 random bits. */
  createSecret(): Uint8Array;
  enrolment(secret: Uint8Array, account: string): Promise<Enrolment>;
  /**
   * The step that this code is of: that of `now`, the one before or the one after; null if it is of none of them. Each step's code is to be
   * accepted once: that is the caller's.
   */
  verify(secret: Uint8Array, code: string, now: EpochMs): Promise<number | null>;
  /** New recovery codes, of 80 random bits each. */
  createRecoveryCodes(count: number): readonly RecoveryCode[];
  /** The digest of a recovery code, as people write it: small letters or capitals, with hyphens, spaces or none. */
  digestOf(recoveryCode: string): string;
}
