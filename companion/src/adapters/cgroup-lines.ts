/** One line of `/proc/<pid>/cgroup` (cgroups(7)). */
export interface ICgroupLine {
  /** v1: the controllers of this hierarchy. Empty for v2. */
  readonly controllers: readonly string[];
  /** The unified hierarchy, `0::`. */
  readonly unified: boolean;
  /** The group, relative to the root of the reader's cgroup namespace; `/../x` is a sibling of it. */
  readonly path: string;
}

/** Parses `/proc/<pid>/cgroup`; a line that is not understood is left out. */
export function parseCgroupLines(text: string): ICgroupLine[] {
  const lines: ICgroupLine[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match) {
      const [, id, names = '', path = '/'] = match;
      lines.push({
        controllers: names === '' ? [] : names.split(','),
        unified: id === '0' && names === '',
        path: path.replace(/ \(deleted\)$/, '')
      });
    }
  }
  return lines;
}
