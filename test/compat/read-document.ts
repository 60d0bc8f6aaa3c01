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

const FENCE = /^\s*```(\w*)/;
const HEADING = /^(#{1,6}) (.+)$/;

export function readSections(text: string): readonly Section[] {
  const sections: { level: number; title: string; parents: string[]; prose: string[]; blocks: Block[] }[] = [];
  const around: { level: number; title: string }[] = [];
  let current = { level: 0, title: '', parents: [] as string[], prose: [] as string[], blocks: [] as Block[] };
  sections.push(current);
  let before: string[] = [];
  let open: { language: string; lines: string[] } | null = null;
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
    current = { level, title: heading[2] ?? '', parents: around.map(({ title }) => title), prose: [], blocks: [] };
    around.push({ level, title: current.title });
    sections.push(current);
    before = [];
  }
  return sections;
}
