/** The examples of a document that are programs: each block of bash, as it stands. */
import { readSections } from './read-document.ts';

export interface Example {
  /** The headings above it, and which of their blocks it is. */
  readonly title: string;
  readonly script: string;
}

export function bashExamples(text: string): readonly Example[] {
  return readSections(text).flatMap(({ parents, title, blocks }) =>
    blocks
      .filter(({ language }) => language === 'bash')
      .map(({ lines }, index) => ({
        title: `${[...parents.slice(1), title].join(', ')} ${index + 1}`,
        script: lines.join('\n'),
      })),
  );
}
