/** Bytes in JSON. */
export interface EncodedBytes {
  readonly data: string;
  readonly encoding: 'utf8' | 'base64';
}

/** Bytes as text where they are UTF-8, else in base64. */
export function encodeBytes(bytes: Uint8Array): EncodedBytes {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = whole.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(whole);
  return isText ? { data: text, encoding: 'utf8' } : { data: whole.toString('base64'), encoding: 'base64' };
}
