import type { JsonObject } from '../json.ts';
import type { EpochMs } from '../time.ts';

/** The half of a key that everybody may know: it verifies. */
export interface PublicKey {
  /** The `kid` in the header of each token that it signs; the key's thumbprint. */
  readonly keyId: string;
  /** As a JSON Web Key (RFC 7517), with nothing that is secret. */
  readonly jwk: JsonObject;
}

/** A key of tokens as it is stored. */
export interface SigningKey extends PublicKey {
  /** The half that signs, by the sealer. */
  readonly sealedPrivateKey: string;
  readonly createdAt: EpochMs;
  /** From when on it signs, until the next one does: others have learned of it by then. */
  readonly signsFrom: EpochMs;
}
