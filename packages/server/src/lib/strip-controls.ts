const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
/** What a terminal takes as an order: `ESC [ … letter`, `ESC ] … BEL` or `… ESC \`, `ESC x`; the last as far as it goes. */
const SEQUENCES = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]?|[\\]PX^_][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[ -/]*[0-~]?)`,
  'g',
);
/** Besides: what stands for nothing, but tabs and the ends of lines, and what turns the direction of writing. */
const OTHERS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The text without anything that would steer whoever shows it. Tabs, CR and LF stay. */
export function stripControls(text: string): string {
  return text.replace(SEQUENCES, '').replace(OTHERS, (character) => (/[\t\n\r]/.test(character) ? character : ''));
}
