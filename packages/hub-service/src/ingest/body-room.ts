/** What may be in memory of bodies that are still coming. */
export interface IBodyRoomLimits {
  /** Of all servers together, in bytes. */
  readonly bytes: number;
  /** Bodies of one server at once: a companion has one under way, and perhaps one more after a broken connection. */
  readonly bodiesEach: number;
}

/** Room for bodies: a body is buffered whole, so how many may come at once is bounded before the first byte is read. */
export class BodyRoom {
  constructor(private readonly limits: IBodyRoomLimits) {}

  /**
   * @param bytes - the most that may come.
   * @returns null = there is no room now; else what gives it back, which does so once.
   */
  enter(key: string, bytes: number): (() => void) | null {
    const bodies = this.bodies.get(key) ?? 0;
    if (this.bytes + bytes > this.limits.bytes || bodies >= this.limits.bodiesEach) {
      return null;
    }
    this.bytes += bytes;
    this.bodies.set(key, bodies + 1);
    let isInside = true;
    return () => {
      if (isInside) {
        isInside = false;
        this.leave(key, bytes);
      }
    };
  }

  private leave(key: string, bytes: number): void {
    this.bytes -= bytes;
    const bodies = (this.bodies.get(key) ?? 1) - 1;
    if (bodies > 0) {
      this.bodies.set(key, bodies);
    } else {
      this.bodies.delete(key);
    }
  }

  private bytes = 0;
  private readonly bodies = new Map<string, number>();
}
