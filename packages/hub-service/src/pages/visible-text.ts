/** A piece of a text from outside: as it is, or the code of a character that would not be seen, or would mislead. */
export type TextPiece =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'code'; readonly code: string };

/**
 * Controls, bidirectional marks, zero-width and other invisible characters, spaces that are none of the keyboard's,
 * private and unassigned ones, halves of pairs; and from the fifth on, marks that are stacked on one letter and would
 * cover the lines around it.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{4})\p{M}/gu;

/** Splits a text so that everything in it can be seen. */
export function visibleText(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) {
      pieces.push({ kind: 'text', text: text.slice(end, match.index) });
    }
    pieces.push({ kind: 'code', code: codeOf(match[0]) });
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    pieces.push({ kind: 'text', text: text.slice(end) });
  }
  return pieces;
}

/** The same as one text, for where there can be no elements: titles and attributes. */
export function visibleLine(text: string): string {
  return visibleText(text)
    .map(piece => (piece.kind === 'text' ? piece.text : `⟨${piece.code}⟩`))
    .join('');
}

function codeOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
