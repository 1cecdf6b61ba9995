/** Answers rewritten at random are equal to themselves, and different as soon as one coefficient is. */
import { describe, expect, test } from '@jest/globals';
import { equal } from '../../../suites/grading/equal.js';
import { generator } from './seeded.js';

const random = generator(41);
const from = (least: number, most: number): number => least + random(most - least + 1);
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const nonzero = (most: number): number => from(1, most) * (random(2) === 0 ? 1 : -1);

/** Coefficients from the constant term up. */
type Polynomial = readonly number[];

function multiply(a: Polynomial, b: Polynomial): Polynomial {
  const product = new Array<number>(a.length + b.length - 1).fill(0);
  for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) product[i + j] = (product[i + j] ?? 0) + x * y;
  return product;
}

/** `order` gives the places of the terms. */
function write(polynomial: Polynomial, order: readonly number[]): string {
  const terms = order.flatMap((place) => {
    const c = polynomial[place] ?? 0;
    const power = place === 0 ? '' : place === 1 ? 'x' : `x^{${place}}`;
    return c === 0 ? [] : [`${c < 0 ? '-' : '+'}${Math.abs(c) === 1 && place > 0 ? '' : Math.abs(c)}${power}`];
  });
  return terms.join('').replace(/^\+/, '') || '0';
}

const rising = (polynomial: Polynomial): number[] => polynomial.map((_, place) => place);
const shuffled = (polynomial: Polynomial): number[] => rising(polynomial).sort(() => random(2) - 0.5);
const falling = (polynomial: Polynomial): number[] => rising(polynomial).reverse();

/** Spacing that TeX passes over, put between the parts of a formula. */
function spaced(formula: string): string {
  const spaces = ['', ' ', '\\,', '\\;', '\\ ', '~', '\\quad ', '{}'];
  return formula.replace(/[-+=()]/g, (sign) => `${spaces[random(7)]}${sign}${spaces[random(7)]}`);
}

const bothWays = (a: string, b: string): readonly boolean[] => [equal(a, b).equal, equal(b, a).equal];

describe('rewriting', () => {
  const products = times(150, () => {
    const factors = times(from(2, 3), () => [nonzero(9), nonzero(5)] as const);
    return { factors, product: factors.reduce(multiply, [1] as Polynomial) };
  });
  const factored = (factors: readonly Polynomial[]) => factors.map((factor) => `(${write(factor, [1, 0])})`).join('');

  test('a product as a sum, in any order of terms and factors, changes nothing', () => {
    for (const { factors, product } of products) {
      const turned = factored([...factors].reverse());
      for (const other of [write(product, falling(product)), write(product, shuffled(product)), turned]) {
        expect([factored(factors), other, ...bothWays(factored(factors), other)]).toEqual([
          factored(factors),
          other,
          true,
          true,
        ]);
      }
    }
  });

  test('a sum with one coefficient changed makes another answer', () => {
    for (const { factors, product } of products) {
      const place = random(product.length);
      const changed = product.map((c, at) => (at === place ? c + nonzero(3) : c));
      const other = write(changed, shuffled(changed));
      expect([factored(factors), other, ...bothWays(factored(factors), other)]).toEqual([
        factored(factors),
        other,
        false,
        false,
      ]);
    }
  });

  test('a fraction by a common factor changes nothing, and by two different ones everything', () => {
    for (let round = 0; round < 200; round += 1) {
      const [n, d, k] = [nonzero(99), from(2, 99), from(2, 20)];
      const fraction = `\\frac{${n}}{${d}}`;
      expect(bothWays(fraction, `\\dfrac{${k * n}}{${k * d}}`)).toEqual([true, true]);
      expect(bothWays(fraction, `${k * n}/${k * d}`)).toEqual([true, true]);
      expect(bothWays(fraction, `\\frac{${k * n}}{${(k + 1) * d}}`)).toEqual([false, false]);
    }
  });

  test('spacing that TeX passes over changes nothing', () => {
    for (const { product } of products) {
      const formula = `y=${write(product, falling(product))}`;
      const other = spaced(formula);
      expect([other, ...bothWays(formula, other)]).toEqual([other, true, true]);
    }
  });

  test('an equation by a factor changes nothing, and one side of it everything', () => {
    for (let round = 0; round < 100; round += 1) {
      const [a, b, c, k] = [nonzero(9), nonzero(9), nonzero(9), nonzero(7)];
      const equation = (x: number, y: number, z: number) => `${x}x ${y < 0 ? '-' : '+'} ${Math.abs(y)}y = ${z}`;
      expect(bothWays(equation(a, b, c), equation(k * a, k * b, k * c))).toEqual([true, true]);
      expect(bothWays(equation(a, b, c), equation(a, b, c + nonzero(4)))).toEqual([false, false]);
    }
  });

  test('the members of a list, a set or a union in another order change nothing, one member more or other everything', () => {
    for (let round = 0; round < 100; round += 1) {
      const members = [...new Set(times(from(2, 6), () => nonzero(50)))];
      const turned = [...members].reverse().map((n) => `${2 * n}/2`);
      const other = members.map((n, at) => (at === 0 ? n + 101 : n));
      const set = (all: readonly (string | number)[]) => `\\{${all.join(', ')}\\}`;
      expect(bothWays(members.join(', '), turned.join(', '))).toEqual([true, true]);
      expect(bothWays(set(members), set(turned))).toEqual([true, true]);
      expect(bothWays(set(members), set(other))).toEqual([false, false]);
      expect(bothWays(set(members), set([...members, 101]))).toEqual([false, false]);
      const union = (all: readonly number[]) => all.map((n) => `(${3 * n}, ${3 * n + 1}]`).join(' \\cup ');
      expect(bothWays(union(members), union([...members].reverse()))).toEqual([true, true]);
      expect(bothWays(union(members), union(other))).toEqual([false, false]);
    }
  });

  test('a length in another unit changes nothing, and the number without its unit everything', () => {
    const steps = [
      ['m', 'cm', 100],
      ['km', 'm', 1000],
      ['feet', 'inches', 12],
      ['hours', 'minutes', 60],
      ['kg', 'g', 1000],
      ['米', '厘米', 100],
      ['元', '角', 10],
    ] as const;
    for (const [large, small, factor] of steps) {
      const n = from(2, 40);
      const text = (value: number, unit: string) =>
        /[a-z]/.test(unit) ? `${value}\\text{ ${unit}}` : `${value}${unit}`;
      expect(bothWays(text(n, large), text(n * factor, small))).toEqual([true, true]);
      expect(bothWays(text(n, large), text(n, small))).toEqual([false, false]);
      expect(bothWays(text(n, large), String(n * factor))).toEqual([false, false]);
    }
  });

  test('a number in Chinese changes nothing, and its neighbour everything', () => {
    const digits = '零一二三四五六七八九';
    const chinese = (n: number): string => {
      const [h, t, o] = [Math.floor(n / 100), Math.floor(n / 10) % 10, n % 10];
      const hundreds = h > 0 ? `${digits[h]}百` : '';
      const tens = t > 0 ? `${digits[t]}十` : h > 0 && o > 0 ? '零' : '';
      return hundreds + tens + (o > 0 ? digits[o] : '');
    };
    for (let n = 1; n < 1000; n += n < 120 ? 1 : 7) {
      expect([n, ...bothWays(String(n), chinese(n))]).toEqual([n, true, true]);
      expect([n, equal(String(n + 1), chinese(n)).equal]).toEqual([n, false]);
    }
  });
});
