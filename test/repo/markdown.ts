/** What the tests of the documents need to know of Markdown. */
import { dirname, join, normalize } from 'node:path';
import { exists, isFolder, listFiles, readText } from './repository.ts';

/** A link of a document to something in the repository. */
export interface Link {
  readonly from: string;
  /** Path in the repository; a folder stands for its README.md where it has one. */
  readonly to: string;
  /** The heading it points at, without `#`; empty for the whole document. */
  readonly anchor: string;
}

/** All documents: paths of the Markdown files. */
export function listDocuments(): readonly string[] {
  return listFiles().filter((path) => path.endsWith('.md'));
}

/** The links of a document that stay in the repository. What stands in code is none. */
export function linksOf(document: string, text: string = readText(document)): readonly Link[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      const to = path === '' ? document : normalize(join(dirname(document), path)).replace(/\/$/, '');
      return { from: document, to: isFolder(to) && exists(`${to}/README.md`) ? `${to}/README.md` : to, anchor };
    });
}

/** The anchors of a document's headings, as forges make them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Paths of the repository that a document names in code spans, as far as they are whole: no globs, no blanks to fill in. */
export function pathsNamedIn(text: string): readonly string[] {
  const topFolders = 'packages|guest|test|docs|bench|\\.ci';
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)]
    .map((match) => match[1] ?? '')
    .filter((code) => new RegExp(`^(${topFolders})/[\\w./-]*$`).test(code))
    .map((code) => code.replace(/\/$/, ''));
}

function withoutBlocks(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

function withoutCode(text: string): string {
  return withoutBlocks(text).replace(/`[^`\n]*`/g, '`code`');
}
