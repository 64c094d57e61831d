const [QUOTE, BACKSLASH, BRACKET, BRACE, BRACKET_END, BRACE_END] = [0x22, 0x5c, 0x5b, 0x7b, 0x5d, 0x7d];

/** Whether arrays and objects of a JSON text lie in one another at most so deep. Looks at the text alone: nothing is parsed. */
export function isShallow(text: string, depth: number): boolean {
  let open = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isString) {
      if (code === BACKSLASH) {
        i += 1;
      } else if (code === QUOTE) {
        isString = false;
      }
    } else if (code === QUOTE) {
      isString = true;
    } else if (code === BRACKET || code === BRACE) {
      open += 1;
      if (open > depth) {
        return false;
      }
    } else if (code === BRACKET_END || code === BRACE_END) {
      open -= 1;
    }
  }
  return true;
}
