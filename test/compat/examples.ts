/** The examples of a document that are programs: each block in a language that runs, as it stands. */
import { readSections } from './read-document.ts';

const LANGUAGES = ['bash', 'javascript', 'typescript', 'python', 'go'] as const;

export interface Example {
  readonly language: (typeof LANGUAGES)[number];
  /** The headings above it, and which of their blocks of that language it is. */
  readonly title: string;
  readonly script: string;
}

export function programsIn(text: string): readonly Example[] {
  return readSections(text).flatMap(({ parents, title, blocks }) =>
    LANGUAGES.flatMap((language) =>
      blocks
        .filter((block) => block.language === language)
        .map(({ lines }, index) => ({
          language,
          title: `${[...parents.slice(1), title].join(', ')} ${index + 1}`,
          script: lines.join('\n'),
        })),
    ),
  );
}

export function bashExamples(text: string): readonly Example[] {
  return programsIn(text).filter(({ language }) => language === 'bash');
}
