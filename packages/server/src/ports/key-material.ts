/** Secrets that are kept as digests only: where they come from, and how one that is presented is compared. */
export interface KeyMaterial {
  /** This many random bytes, from a source fit for secrets, as base64url without padding. */
  secretText(byteCount: number): string;
  /** So many random lower-case letters and digits: for names that are not secret. */
  publicText(length: number): string;
  /** SHA-256 as base64url, 43 characters. Of secrets with at least 128 random bits alone: it is quick. */
  digest(text: string): string;
  /** Whether two texts of one length are the same, in a time that does not tell where they differ. */
  isSame(a: string, b: string): boolean;
}
