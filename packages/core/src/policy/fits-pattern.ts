/**
 * Whether a pattern stands for the whole of a text: `*` for any text, also none and also with slashes, `?` for one
 * character, everything else for itself. Takes at most the product of both lengths, whatever the pattern is.
 */
export function fitsPattern(pattern: string, text: string): boolean {
  let atPattern = 0;
  let atText = 0;
  /** Behind the last star, and how far the text was taken then. */
  let star = -1;
  let starText = 0;
  while (atText < text.length) {
    const wanted = pattern[atPattern];
    if (wanted === '*') {
      atPattern += 1;
      star = atPattern;
      starText = atText;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[atText])) {
      atPattern += 1;
      atText += 1;
    } else if (star >= 0) {
      // The star takes one character more.
      starText += 1;
      atText = starText;
      atPattern = star;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(atPattern));
}
