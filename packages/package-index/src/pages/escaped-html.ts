/** Text as it may stand in HTML, in attributes too. */
export function escapedHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}
