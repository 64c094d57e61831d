/** The head of one frame of ZMTP 3. */
export interface IFrameHead {
  /** A command of the connection; false = a part of a message. */
  readonly isCommand: boolean;
  /** More parts of the same message follow. */
  readonly hasMore: boolean;
  readonly bytes: number;
}

/** What takes frames. */
export interface IFrameHandler {
  /** A frame begins. @returns whether its body is wanted. */
  begins(head: IFrameHead): boolean;
  /** A frame that was wanted is here. The memory of `body` is used again when this returns. */
  ends(head: IFrameHead, body: Buffer): void;
  /** A frame that was not wanted is over. */
  skipped(head: IFrameHead): void;
}

/** What comes is not ZMTP. */
export class ZmtpError extends Error {
  override readonly name = 'ZmtpError';
}

/** Bodies up to this length share one buffer: a kernel that prints without end sends one after the other. */
const SHARED_BYTES = 2 * 1024 * 1024;

/** Flags of a frame, RFC 37 of ZeroMQ (https://rfc.zeromq.org/spec/37/). */
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const RESERVED = 0xf8;

/**
 * Cuts a stream of bytes into frames as they come. A body that lies whole in one chunk is handed on without a copy; one
 * that does not is put together in a buffer that all share; one that nobody wants takes no memory.
 */
export class FrameParser {
  constructor(private readonly handler: IFrameHandler) {}

  /**
   * Takes the next bytes.
   *
   * @throws ZmtpError for what is no frame; nothing may follow.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.frame === null ? this.readHead(chunk, at) : this.readBody(this.frame, chunk, at);
    }
  }

  private readHead(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.headBytes < this.headLength()) {
      this.head[this.headBytes] = chunk[at] ?? 0;
      this.headBytes += 1;
      at += 1;
    }
    if (this.headBytes === this.headLength()) {
      this.open();
    }
    return at;
  }

  /** The first byte says how long the head is. */
  private headLength(): number {
    return this.headBytes > 0 && (this.head[0] ?? 0) & LONG ? 9 : 2;
  }

  private open(): void {
    const flags = this.head[0] ?? 0;
    const long = flags & LONG ? this.head.readBigUInt64BE(1) : BigInt(this.head[1] ?? 0);
    if (flags & RESERVED || (flags & COMMAND && flags & MORE) || long > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new ZmtpError(`A frame with flags ${flags} and ${long} bytes.`);
    }
    this.headBytes = 0;
    const head = { isCommand: (flags & COMMAND) !== 0, hasMore: (flags & MORE) !== 0, bytes: Number(long) };
    const isWanted = this.handler.begins(head);
    this.frame = { head, isWanted, body: null, have: 0 };
    if (head.bytes === 0) {
      this.close(this.frame, EMPTY);
    }
  }

  private readBody(frame: IOpenFrame, chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + frame.head.bytes - frame.have);
    const isWhole = frame.have + (end - at) === frame.head.bytes;
    const piece = chunk.subarray(at, end);
    if (frame.isWanted && !(isWhole && frame.have === 0)) {
      frame.body ??= this.memory(frame.head.bytes);
      piece.copy(frame.body, frame.have);
    }
    frame.have += piece.length;
    if (isWhole) {
      this.close(frame, frame.body ?? piece);
    }
    return end;
  }

  /** A buffer of this length. A large one is let go after use: it may not be needed again for days. */
  private memory(bytes: number): Buffer {
    if (bytes > SHARED_BYTES) {
      return Buffer.allocUnsafeSlow(bytes);
    }
    this.shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES);
    return this.shared.subarray(0, bytes);
  }

  private close({ head, isWanted }: IOpenFrame, body: Buffer): void {
    this.frame = null;
    if (isWanted) {
      this.handler.ends(head, body);
    } else {
      this.handler.skipped(head);
    }
  }

  private shared: Buffer | null = null;
  private readonly head = Buffer.alloc(9);
  private headBytes = 0;
  private frame: IOpenFrame | null = null;
}

const EMPTY = Buffer.alloc(0);

interface IOpenFrame {
  readonly head: IFrameHead;
  readonly isWanted: boolean;
  body: Buffer | null;
  have: number;
}

/** The bytes of one frame. */
export function encodeFrame(body: Buffer, isCommand: boolean, hasMore = false): Buffer {
  const flags = isCommand ? COMMAND : hasMore ? MORE : 0;
  if (body.length < 256) {
    return Buffer.concat([Buffer.from([flags, body.length]), body]);
  }
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}
