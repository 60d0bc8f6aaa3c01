/**
 * Tells texts apart without keeping them: as a digest does, but that whoever has the fingerprint alone, without the key of this installation, cannot
 * try which text it is of. The key lies in no database, and stays when the key that seals is changed.
 */
export interface Fingerprinter {
  /** HMAC-SHA-256, 64 hexadecimal digits: the same for the same text as long as the installation has its key. */
  fingerprintOf(text: string): string;
}
