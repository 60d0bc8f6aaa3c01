/** Cuts a byte stream into lines, and never keeps more than one line's bound. */
export interface LineReader {
  /** The lines that are complete now, without their ends. Throws RangeError once a line is longer than the bound. */
  push(chunk: Buffer): readonly string[];
}

/** A reader for lines of at most `maximumBytes`, ended by LF or CR LF, in UTF-8. */
export function createLineReader(maximumBytes: number): LineReader {
  let pieces: Buffer[] = [];
  let length = 0;
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        const piece = chunk.subarray(start, end);
        if (length + piece.length > maximumBytes) throw tooLong(maximumBytes);
        const line = pieces.length === 0 ? piece : Buffer.concat([...pieces, piece]);
        lines.push(line.toString('utf8').replace(/\r$/, ''));
        pieces = [];
        length = 0;
        start = end + 1;
      }
      const rest = chunk.subarray(start);
      if (length + rest.length > maximumBytes) throw tooLong(maximumBytes);
      if (rest.length > 0) {
        pieces.push(rest);
        length += rest.length;
      }
      return lines;
    },
  };
}

function tooLong(maximumBytes: number): RangeError {
  return new RangeError(`a line of more than ${maximumBytes} bytes`);
}
