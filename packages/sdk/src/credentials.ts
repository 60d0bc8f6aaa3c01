/** What a client shows the server with each request. */
export interface Credentials {
  /** The key, or an access token that is good for some time yet. Called for each request. */
  current(): Promise<string>;
  /** Another one in place of this, which the server did not accept; null: there is none, and the refusal stands. */
  renewed(refused: string): Promise<string | null>;
}

/** A key, which is what it is. */
export function keyCredentials(apiKey: string): Credentials {
  return { current: async () => apiKey, renewed: async () => null };
}
