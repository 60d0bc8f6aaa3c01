/** What a document of an API is made of, as far as the extraction of its promises needs to know: headings, prose and blocks of code. */

export interface Block {
  /** Of the fence: `json`, `bash`; empty where it says none. */
  readonly language: string;
  readonly lines: readonly string[];
  /** The prose since the block before, or since the heading. */
  readonly before: readonly string[];
}

/** A heading with what stands below it, up to the next heading of any level. */
export interface Section {
  readonly level: number;
  readonly title: string;
  /** Of the sections around it, the outermost first. */
  readonly parents: readonly string[];
  readonly prose: readonly string[];
  readonly blocks: readonly Block[];
}

/** While it is read. */
interface Draft extends Section {
  readonly prose: string[];
  readonly blocks: Block[];
}

const FENCE = /^\s*```(\w*)/;
const HEADING = /^(#{1,6}) (.+)$/;

export function readSections(text: string): readonly Section[] {
  const begin = (level: number, title: string, parents: readonly string[]): Draft => ({
    ...{ level, title, parents },
    prose: [],
    blocks: [],
  });
  const around: { readonly level: number; readonly title: string }[] = [];
  let current = begin(0, '', []);
  const sections = [current];
  let before: string[] = [];
  let open: { readonly language: string; readonly lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const fence = FENCE.exec(line);
    if (open !== null) {
      if (fence === null) open.lines.push(line);
      else {
        current.blocks.push({ ...open, before });
        before = [];
        open = null;
      }
      continue;
    }
    if (fence !== null) {
      open = { language: fence[1] ?? '', lines: [] };
      continue;
    }
    const heading = HEADING.exec(line);
    if (heading === null) {
      current.prose.push(line);
      before.push(line);
      continue;
    }
    const level = heading[1]?.length ?? 1;
    while ((around.at(-1)?.level ?? 0) >= level) around.pop();
    current = begin(
      level,
      heading[2] ?? '',
      around.map(({ title }) => title),
    );
    around.push({ level, title: current.title });
    sections.push(current);
    before = [];
  }
  return sections;
}
