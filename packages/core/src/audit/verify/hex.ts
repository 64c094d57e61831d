const DIGITS = '0123456789abcdef';

/** Hexadecimal digits of bytes, lower case. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return text;
}

/** Whether `hex`, in lower case, stands for exactly these bytes. Makes nothing, as it is asked for every record. */
export function isHexOf(hex: string, bytes: Uint8Array): boolean {
  if (hex.length !== bytes.length * 2) {
    return false;
  }
  for (let i = 0; i < hex.length; i++) {
    const byte = bytes[i >> 1] ?? 0;
    if (hex.charCodeAt(i) !== DIGITS.charCodeAt(i % 2 === 0 ? byte >> 4 : byte & 15)) {
      return false;
    }
  }
  return true;
}

/** The bytes for 64 hexadecimal digits; null = they are not that. */
export function hashFromHex(hex: string): Uint8Array | null {
  return /^[0-9a-f]{64}$/.test(hex)
    ? Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
    : null;
}
