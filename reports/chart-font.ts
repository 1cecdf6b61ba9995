/** A font for charts as PNG that has the characters it must show; boxes in the place of characters are never drawn. */
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';

/** Families with Latin and Chinese characters of one design. */
const chinese = [
  'Noto Sans CJK SC',
  'Source Han Sans SC',
  'Noto Sans SC',
  'PingFang SC',
  'Microsoft YaHei',
  'WenQuanYi Micro Hei',
  'Noto Sans CJK JP',
];
const latin = ['Noto Sans', 'DejaVu Sans', 'Liberation Sans', 'Arial', 'Helvetica'];

/** The best family of this machine that shows every character of `sample`, or null. */
export function chartFont(sample: string): string | null {
  const families = GlobalFonts.families.map(({ family }) => family);
  const wanted = /\p{Script=Han}/u.test(sample) ? chinese : [...latin, ...chinese];
  const ordered = [...wanted.filter((family) => families.includes(family)), ...families];
  return ordered.find((family) => [...sample].every((character) => shows(family, character))) ?? null;
}

const known = new Map<string, boolean>();

/** Whether `family`, or a font that the canvas takes in its place, draws something else than the box for a missing character. */
export function shows(family: string, character: string): boolean {
  if (/\s/.test(character)) return true;
  const key = `${family}\n${character}`;
  const found = known.get(key) ?? pixelsOf(family, character) !== pixelsOf(family, '\u0378');
  known.set(key, found);
  return found;
}

function pixelsOf(family: string, character: string): string {
  const context = createCanvas(32, 32).getContext('2d');
  context.font = `24px "${family}"`;
  context.fillText(character, 2, 26);
  return Buffer.from(context.getImageData(0, 0, 32, 32).data.buffer).toString('latin1');
}
