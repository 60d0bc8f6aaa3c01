/** The part of qrcode that we use; the package brings no types of its own. */
declare module 'qrcode' {
  /** The text as a QR code: an SVG document, or lines of half blocks for a terminal. */
  // biome-ignore lint/suspicious/noShadowRestrictedNames: that is what the package calls it
  export function toString(text: string, options: { readonly type: 'svg' | 'utf8' }): Promise<string>;
}
