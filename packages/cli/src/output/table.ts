import Table from 'cli-table3';
import { toSafeWords } from './console-text.ts';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   ',
};

/** Rows below a heading, in columns without lines around them: to be read, and to be cut by `awk`. Ends with a newline. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return layOut([head, ...rows]);
}

/** Names and values side by side. Ends with a newline. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  return layOut(fields);
}

const COLOUR = `${String.fromCharCode(0x1b)}\\[\\d{1,2}m`;
/** One word in a colour, as we show phases: worse than a colour it cannot be. */
const COLOURED = new RegExp(`^${COLOUR}[a-z]+${COLOUR}$`);

function safely(cell: string): string {
  return COLOURED.test(cell) ? cell : toSafeWords(cell);
}

function layOut(rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map(safely)));
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
