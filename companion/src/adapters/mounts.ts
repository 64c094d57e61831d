/** One line of `/proc/<pid>/mountinfo` (proc_pid_mountinfo(5)), as far as it is needed. */
export interface IMount {
  /** The path inside the mounted file system that forms the root of this mount; for cgroups, the group. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  /** Options of the file system: for cgroup v1 the controllers are among them. */
  readonly options: readonly string[];
}

/** Parses mountinfo; a line that is not understood is left out. */
export function parseMounts(text: string): IMount[] {
  const mounts: IMount[] = [];
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ', 2);
    const fields = left?.split(' ') ?? [];
    const [type, , options] = right?.split(' ') ?? [];
    const root = fields[3];
    const mountPoint = fields[4];
    if (root !== undefined && mountPoint !== undefined && type !== undefined) {
      mounts.push({
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        type,
        options: options?.split(',') ?? []
      });
    }
  }
  return mounts;
}

/** Space, tab, newline and backslash are written as octal numbers there. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
