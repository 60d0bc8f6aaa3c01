import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripControls } from './strip-controls.ts';

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);

describe('text without controls', () => {
  it.each([
    [`${ESC}[31mred${ESC}[0m`, 'red'],
    [`${ESC}[2J${ESC}[1;1Hhome`, 'home'],
    [`${ESC}]0;title${BEL}after`, 'after'],
    [`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`, 'link'],
    [`${ESC}Pdevice${ESC}\\after`, 'after'],
    [`${ESC}cgone`, 'gone'],
    [`a${BEL}b\u0008c\u009bd\u202ee`, 'abcde'],
    ['kept\tas\r\nit is ä ✓', 'kept\tas\r\nit is ä ✓'],
    [`cut ${ESC}[3`, 'cut '],
  ])('of %j is %j', (text, stripped) => {
    expect(stripControls(text)).toBe(stripped);
  });

  it('never has one', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(ESC, BEL, '[', ']', '\\', ';', '1', 'm', 'a', '\n') }), (text) => {
        expect(stripControls(text)).not.toMatch(/[^\P{Cc}\n]/u);
      }),
    );
  });
});
