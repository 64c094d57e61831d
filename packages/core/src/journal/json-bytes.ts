/** The bytes that JSON is made of (RFC 8259). */
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const MINUS = 0x2d;
export const PLUS = 0x2b;
export const POINT = 0x2e;
export const ZERO = 0x30;
export const SMALL_E = 0x65;
export const CAPITAL_E = 0x45;
export const SMALL_U = 0x75;

/** Bytes between values that mean nothing. */
export const BLANK = tableOf(' \n\r\t');
export const DIGIT = tableOf('0123456789');
export const HEX = tableOf('0123456789abcdefABCDEF');
/** What may follow a backslash. */
export const ESCAPED = tableOf('"\\/bfnrtu');
/** Bytes that stand for themselves in a string. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0
);

/** A table by byte: 1 = it is one of these characters. */
function tableOf(characters: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    characters.includes(String.fromCharCode(byte)) ? 1 : 0
  );
}
