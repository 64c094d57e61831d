/** What may be in memory of bodies that are still coming. */
export interface IBodyRoomLimits {
  /** Of all servers together, in bytes. */
  readonly bytes: number;
  /** Bodies of one person at once: a companion has one under way, and perhaps one more after a broken connection. */
  readonly bodiesEach: number;
  /** Of one person, in bytes. */
  readonly bytesEach: number;
}

/** Room for bodies: a body is buffered whole, so how many may come at once is bounded before the first byte is read. */
export class BodyRoom {
  constructor(private readonly limits: IBodyRoomLimits) {}

  /**
   * @param key - whose it is. @param bytes - the most that may come.
   * @returns null = there is no room now; else what gives it back, which does so once.
   */
  enter(key: string, bytes: number): (() => void) | null {
    const { limits } = this;
    const own = this.own.get(key) ?? { bodies: 0, bytes: 0 };
    if (
      this.bytes + bytes > limits.bytes ||
      own.bytes + bytes > limits.bytesEach ||
      own.bodies >= limits.bodiesEach
    ) {
      return null;
    }
    this.bytes += bytes;
    this.own.set(key, { bodies: own.bodies + 1, bytes: own.bytes + bytes });
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
    const own = this.own.get(key);
    if (own && own.bodies > 1) {
      this.own.set(key, { bodies: own.bodies - 1, bytes: own.bytes - bytes });
    } else {
      this.own.delete(key);
    }
  }

  private bytes = 0;
  private readonly own = new Map<string, { readonly bodies: number; readonly bytes: number }>();
}
