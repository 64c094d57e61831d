import { visibleLine } from './visible-text.js';

describe('a text from outside', () => {
  it.each([
    ['typing_extensions 4.15.0', 'typing_extensions 4.15.0'],
    ['Übergröße · 数据 · שלום · e\u0301', 'Übergröße · 数据 · שלום · e\u0301'],
    ['a\u0000b\nc\td\u001b[31m', 'a⟨U+0000⟩b⟨U+000A⟩c⟨U+0009⟩d⟨U+001B⟩[31m'],
    ['x\u202Egpj.exe\u2066', 'x⟨U+202E⟩gpj.exe⟨U+2066⟩'],
    ['num\u200Bpy\u00AD\uFEFF\u2060', 'num⟨U+200B⟩py⟨U+00AD⟩⟨U+FEFF⟩⟨U+2060⟩'],
    ['a\u00A0b\u3000c\u2028', 'a⟨U+00A0⟩b⟨U+3000⟩c⟨U+2028⟩'],
    ['\u3164\u115F\u2800\uFE0F', '⟨U+3164⟩⟨U+115F⟩⟨U+2800⟩⟨U+FE0F⟩'],
    ['tag \u{E0041}', 'tag ⟨U+E0041⟩'],
    ['half \uD800', 'half ⟨U+D800⟩'],
    ['z' + '\u0335'.repeat(6), 'z' + '\u0335'.repeat(4) + '⟨U+0335⟩'.repeat(2)],
    ['', '']
  ])('%j is seen whole', (text, seen) => {
    expect(visibleLine(text)).toBe(seen);
  });
});
