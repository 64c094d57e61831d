/** From this power of ten on, and below that one, Python writes floats with an exponent (`float_repr_style` "short"). */
const EXPONENT_FROM = 16;
const EXPONENT_BELOW = -4;

/**
 * A JSON number as `str()` gives it in Python after `json.loads`: an integer of any length, or a float.
 *
 * @param source - the number as it is in the file.
 */
export function pythonNumber(source: string): string {
  if (!/[.eE]/.test(source)) {
    return BigInt(source).toString();
  }
  const value = Number(source);
  if (!Number.isFinite(value)) {
    return value > 0 ? 'inf' : '-inf';
  }
  // Both languages give the shortest digits that read back as the same number.
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return (
    sign +
    (exponent < EXPONENT_BELOW || exponent >= EXPONENT_FROM
      ? scientific(digits, exponent)
      : fixed(digits, exponent))
  );
}

function scientific(digits: string, exponent: number): string {
  const mantissa = digits.length > 1 ? `${digits.slice(0, 1)}.${digits.slice(1)}` : digits;
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function fixed(digits: string, exponent: number): string {
  if (exponent < 0) {
    return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  }
  const padded = digits.padEnd(exponent + 1, '0');
  return `${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || '0'}`;
}
