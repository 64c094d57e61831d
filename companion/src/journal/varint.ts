/** Most bytes that a number takes: 7 bits in each, up to 2^53. */
const LONGEST = 8;

/** Appends whole numbers, 0 or more, to `bytes`: 7 bits a byte, the lowest first (LEB128), one byte for those below 128. */
export function pushNumbers(bytes: number[], ...numbers: readonly number[]): void {
  for (let number of numbers) {
    // Not by shifts: they cut at 32 bits.
    while (number >= 0x80) {
      bytes.push((number % 0x80) | 0x80);
      number = Math.floor(number / 0x80);
    }
    bytes.push(number);
  }
}

/** Reads `count` numbers from `at` on. @returns them and where they end; null = they are cut or too long. */
export function readNumbers(
  bytes: Buffer,
  at: number,
  count: number
): { readonly numbers: readonly number[]; readonly end: number } | null {
  const numbers: number[] = [];
  let end = at;
  for (let index = 0; index < count; index += 1) {
    let number = 0;
    let scale = 1;
    let byte = 0x80;
    for (let length = 0; byte >= 0x80; length += 1) {
      if (length === LONGEST || end >= bytes.length) {
        return null;
      }
      byte = bytes[end] ?? 0;
      number += (byte & 0x7f) * scale;
      scale *= 0x80;
      end += 1;
    }
    numbers.push(number);
  }
  return { numbers, end };
}
