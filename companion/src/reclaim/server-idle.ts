/** For how long the hub has seen no activity of this server, as far as can be told from within. */
export class ServerIdle {
  /**
   * @param openPagesCount - an open page counts as use. So it is with JupyterHub's own proxy, which takes the answers of
   * browsers to jupyter_server's pings for activity; a proxy that reports no activity (Traefik) sees none of it.
   */
  constructor(private readonly openPagesCount: boolean) {}

  /** The server says for how long it has seen no activity. `nowMs`: monotonic. */
  heard(idleMs: number, nowMs: number): void {
    this.last = { idleMs, atMs: nowMs };
  }

  /** In ms; null = the server did not say, or it is in use. */
  ms(nowMs: number, pages: number): number | null {
    if (this.openPagesCount && pages > 0) {
      // Whoever closes the last page was here until then.
      this.usedAtMs = nowMs;
      return null;
    }
    const sinceUsedMs = this.usedAtMs === null ? Infinity : nowMs - this.usedAtMs;
    return this.last && Math.min(this.last.idleMs + nowMs - this.last.atMs, sinceUsedMs);
  }

  private last: { readonly idleMs: number; readonly atMs: number } | null = null;
  private usedAtMs: number | null = null;
}
