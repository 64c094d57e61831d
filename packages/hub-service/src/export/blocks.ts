/** Lines that are written at a time: few enough to hold, enough that writing them costs little. */
const BLOCK = 500;

/** The same items, some at a time. */
export async function* blocks<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  let block: Item[] = [];
  for await (const item of items) {
    block.push(item);
    if (block.length === BLOCK) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) {
    yield block;
  }
}
