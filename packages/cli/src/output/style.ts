import { styleText } from 'node:util';

type Format = 'bold' | 'gray' | 'red' | 'green' | 'yellow' | 'cyan';

/** Words in colour where the stream is a terminal that shows colours and NO_COLOR is not set; else plain. */
export function styled(stream: NodeJS.WritableStream, format: Format, text: string): string {
  return styleText(format, text, { stream });
}

/** A QR code as cameras know it, dark on light, whatever the colours of the terminal; plain where there are none. */
export function styledQr(stream: NodeJS.WritableStream, text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : styleText(['black', 'bgWhiteBright'], line, { stream })))
    .join('\n');
}

const PHASE_COLOURS: Readonly<Record<string, Format>> = {
  running: 'green',
  paused: 'yellow',
  suspended: 'yellow',
  stopped: 'gray',
  failed: 'red',
  unknown: 'red',
};

/** A VM's phase in its colour; transient ones are cyan. */
export function styledPhase(stream: NodeJS.WritableStream, phase: string): string {
  return styled(stream, PHASE_COLOURS[phase] ?? 'cyan', phase);
}
