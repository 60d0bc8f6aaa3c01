/**
 * What lies in the database and must not be read there is sealed: encrypted, and bound to the place it belongs to.
 *
 * A sealed text names the key that sealed it. So several keys can be in use at once, which is what lets the key be
 * rotated: the first key of the ring seals, each of them opens.
 */
export interface Sealer {
  /**
   * Seals up to some megabytes, with the first key of the ring. `context` names the place (`secret/sec_…/3`): it is not
   * in the result, and has to be given again to open it, so that a sealed text that is moved elsewhere is no good there.
   * What is to be stored is sealed within the transaction that stores it: a key that was dropped meanwhile would be the end of it.
   * The result is printable ASCII without spaces, and another one each time.
   */
  seal(plaintext: Uint8Array, context: string): string;
  /**
   * What was sealed. Throws `data_loss`: sealer.unknown_key when the ring has no such key, sealer.damaged when the text was changed,
   * cut short, sealed for another context, or never sealed by this program. No error has anything of the plaintext or the key.
   */
  open(sealed: string, context: string): Uint8Array;
}

/** A sealer whose keys can be changed. */
export interface Keyring extends Sealer {
  /** False where the keys come from outside of the program, which then can neither add one nor drop one. */
  readonly supportsNewKeys: boolean;
  /** The ids of the keys, the one that seals first. An id tells nothing of its key. */
  keyIds(): readonly string[];
  /** How each text begins that the key of this id has sealed. */
  prefixOf(keyId: string): string;
  /** Makes a new key, which seals from now on, and answers its id. It is kept for good before this returns. Throws `unsupported` sealer.keys_given. */
  addKey(): string;
  /** Forgets all keys but the one that seals: what they have sealed can never be opened again. Throws `unsupported` sealer.keys_given. */
  dropOldKeys(): void;
}
