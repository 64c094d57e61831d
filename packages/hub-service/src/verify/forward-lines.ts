const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);

/**
 * The lines of a file, without their newlines; a rest after the last newline is one too. One that is longer than
 * `maxBytes` comes as an empty one, which no reader takes for something.
 */
export function* forwardLines(blocks: Iterable<Uint8Array>, maxBytes: number): Generator<Uint8Array> {
  let rest: Uint8Array = NOTHING;
  let isTooLong = false;
  for (const block of blocks) {
    let from = 0;
    for (let end = block.indexOf(NEWLINE); end !== -1; end = block.indexOf(NEWLINE, from)) {
      const line =
        rest.length > 0 ? Buffer.concat([rest, block.subarray(from, end)]) : block.subarray(from, end);
      yield isTooLong || line.length > maxBytes ? NOTHING : line;
      rest = NOTHING;
      isTooLong = false;
      from = end + 1;
    }
    if (isTooLong || rest.length + block.length - from > maxBytes) {
      isTooLong = true;
      rest = NOTHING;
    } else {
      rest = Buffer.concat([rest, block.subarray(from)]);
    }
  }
  if (isTooLong || rest.length > 0) {
    yield isTooLong ? NOTHING : rest;
  }
}
