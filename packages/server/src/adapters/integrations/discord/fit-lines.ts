/** As many whole lines of the text as `most` characters have room for, and how many more there are. Of a first line that is too long its beginning. */
export function fitLines(text: string, most: number): string {
  if (text.length <= most) return text;
  const lines = text.split('\n');
  const more = (count: number): string => `\n… and ${count} more ${count === 1 ? 'line' : 'lines'}.`;
  const room = most - more(lines.length).length;
  let end = -1;
  let kept = 0;
  for (const line of lines) {
    if (end + 1 + line.length > room) break;
    end += 1 + line.length;
    kept += 1;
  }
  return kept === 0 ? text.slice(0, most).toWellFormed() : `${text.slice(0, end)}${more(lines.length - kept)}`;
}
