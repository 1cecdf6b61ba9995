/** Pairs of a key and an answer whose equality is known: one a line, `≡` where they are equal and `≢` where they are not. */

export interface Pair {
  readonly gold: string;
  readonly answer: string;
  readonly equal: boolean;
}

/** Lines of pairs; each has one sign. */
export function parsePairs(text: string): readonly Pair[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const equal = line.includes(' ≡ ');
      const [gold = '', answer = '', ...rest] = line.split(equal ? ' ≡ ' : ' ≢ ');
      if (answer === '' || rest.length > 0) throw new Error(`not a pair: ${line}`);
      return { gold: gold.trim(), answer: answer.trim(), equal };
    });
}

/** The pairs that graders are known to get wrong. */
export const trickyPairs = parsePairs(String.raw`
90 ≡ 90^\circ
90^\circ ≡ 90
\frac94\pi ≡ \frac{9\pi}{4}
(3,4] ≢ (3,4)
(3,4) ≢ (3,4]
1,-2 ≡ (1,-2)
(1,-2) ≢ 1,-2
52_8 ≡ 52
52_8 ≢ 42
52 ≢ 52_8
52_8 ≡ 52_{8}
52_8 ≢ 52_9
.35625 ≡ 0.35625
50\% ≡ 0.5
0.5 ≢ 50\%
\text{(C)} ≡ C
C ≡ \text{(C)}
\text{(C)} ≢ D
2k+2 ≡ 2(k+1)
x=5 ≡ 5
5 ≡ x=5
15\frac{39}{40} ≡ \frac{639}{40}
15\frac{39}{40} ≢ \frac{585}{40}
15\frac{39}{40} ≢ 14.625
10,080 ≢ (10,80)
10,\!080 ≡ 10080
14{,}916 ≡ 14916
3245/5 ≡ 649
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≢ \begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ \begin{pmatrix} 1 & 2 \end{pmatrix}
\{1\pm\sqrt5,-2\} ≡ 1+\sqrt5, 1-\sqrt5, -2
1+\sqrt5, 1-\sqrt5, -2 ≡ \{-2,1\pm\sqrt5\}
`);

export const numberPairs = parsePairs(String.raw`
9 ≡ 9.0
9 ≡ 09
9 ≢ 9.01
-9 ≡ -9
-9 ≢ 9
-9 ≡ −9
9 ≡ ９
9 ≡ $9$
9 ≡ \(9\)
9 ≡ \[ 9 \]
9 ≡ **9**
9 ≡ 9.
0 ≡ -0
2220 ≡ 2,220
2220 ≢ 2.220
58,500 ≡ 58500
58,500 ≡ 58{,}500
58,500 ≡ 58\,500
11,\! 111,\! 111,\! 100 ≡ 11111111100
11,\! 111,\! 111,\! 100 ≢ 11111111101
1234567 ≡ 1,234,567
1,234 ≢ 1, 234
100 ≡ 10^2
100 ≡ 10^{2}
100 ≡ 10²
1000000 ≡ 10^6
1024 ≡ 2^{10}
0.15 ≡ \frac{3}{20}
0.15 ≡ .150
.0000672 ≡ 6.72 \times 10^{-5}
.0000672 ≡ 6.72*10^(-5)
.0000672 ≢ 6.72 \times 10^{-4}
0.333 ≢ \frac13
\frac13 ≢ 0.3333333333333333
\frac{14}{3} ≡ \dfrac{14}{3}
\frac{14}{3} ≡ \tfrac{14}{3}
\frac{14}{3} ≡ 14/3
\frac{14}{3} ≡ \frac{28}{6}
\frac{14}{3} ≡ 4\frac{2}{3}
\frac{14}{3} ≡ 4 2/3
\frac{14}{3} ≢ 42/3
\frac{14}{3} ≢ \frac{3}{14}
\frac{14}{3} ≢ -\frac{14}{3}
-\frac{35}{9} ≡ \frac{-35}{9}
-\frac{35}{9} ≡ \frac{35}{-9}
-\frac{35}{9} ≡ -35/9
-\frac{35}{9} ≢ \frac{-35}{-9}
\frac43 ≡ \frac{4}{3}
\frac 59 ≡ 5/9
\frac9{19} ≡ \frac{9}{19}
\frac{11}{2} ≡ 5.5
\frac{11}{2} ≡ 5½
1\frac{4}{5} ≡ 1.8
1\frac{4}{5} ≢ \frac{4}{5}
-1\frac{4}{5} ≡ -1.8
137 \frac{1}{2} ≡ 137.5
137 \frac{1}{2} ≢ 68.5
\frac13 ≡ 0.\overline{3}
\frac16 ≡ 0.1\overline{6}
0.6 ≢ 0.1\overline{6}
2.3 ≢ 2.\overline{3}
6 ≢ 2{3}
5 ≢ 5, 5
2 ≢ 2 \text{ or } 3
12 ≢ 12\text{ hundred}
\frac{1}{0} ≢ \frac{2}{0}
12345678901234567890123 ≢ 12345678901234567890124
12345678901234567890123 ≡ 12,345,678,901,234,567,890,123
10^{30} ≢ 10^{30}+1
2^{100} ≡ 4^{50}
5! ≡ 120
5! ≢ 5
\binom{5}{2} ≡ 10
\lfloor 3.7 \rfloor ≡ 3
|-7| ≡ 7
`);

export const irrationalPairs = parsePairs(String.raw`
3\sqrt{13} ≡ \sqrt{117}
3\sqrt{13} ≡ 3 \cdot \sqrt{13}
3\sqrt{13} ≢ 13\sqrt{3}
11\sqrt2 ≡ 11\sqrt{2}
11\sqrt2 ≡ \sqrt{242}
11\sqrt2 ≢ 15.556
\sqrt3 ≡ 3^{1/2}
\sqrt3 ≡ sqrt(3)
\sqrt3 ≡ √3
\frac{\sqrt{3}}{3} ≡ \frac{1}{\sqrt{3}}
\frac{\sqrt{3}}{3} ≢ \frac{\sqrt{3}}{2}
\frac{3\sqrt{3}}{4} ≡ \frac{3}{4}\sqrt{3}
11 \sqrt{5} + 11 ≡ 11(1+\sqrt5)
\sqrt{3+2\sqrt2} ≡ 1+\sqrt2
\sqrt{3+2\sqrt2} ≢ 1-\sqrt2
\sqrt[3]{8} ≡ 2
\sqrt[3]{-8} ≡ -2
\sqrt[3]{2} ≡ 2^{\frac13}
\sqrt[3]{2} ≢ \sqrt{2}
\frac{1}{\sqrt2-1} ≡ \sqrt2+1
\pi ≢ 3.14
\pi ≢ \frac{22}{7}
\pi ≢ 3.14159265358979323846264338327950288419716939937510
12\pi ≡ 12 \pi
12\pi ≡ 12π
12\pi ≡ 12*pi
12\pi ≢ 12
\frac{20000}{\pi} ≡ 20000/\pi
-\frac{\pi}{6} ≡ -\pi/6
-\frac{\pi}{6} ≢ \frac{5\pi}{6}
18+2\pi ≡ 2(\pi+9)
6 - 5i ≡ -5i+6
6 - 5i ≢ 6+5i
6+9i ≡ 3(2+3i)
1+274i ≡ 274i + 1
i^2 ≡ -1
\sqrt{-4} ≡ 2i
\frac{1}{1+i} ≡ \frac{1-i}{2}
e^{i\pi} ≡ -1
e ≢ 2.718281828
\ln e ≡ 1
\ln 8 ≡ 3\ln 2
\log_2 8 ≡ 3
\log_{10} 1000 ≡ 3
\sin 30^\circ ≡ \frac12
\sin 30^\circ ≢ \frac{\sqrt3}{2}
\cos\frac{\pi}{4} ≡ \frac{\sqrt2}{2}
\arctan 1 ≡ \frac{\pi}{4}
\tan^{-1} 1 ≡ \frac{\pi}{4}
\sqrt{-3-4i} ≡ 1-2i
(10^{-40}\pi)^5 ≢ 0
\pi ≢ 3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651
\sqrt{10^{40}+1} ≢ 10^{20}
`);

export const expressionPairs = parsePairs(String.raw`
p - q ≡ -q+p
p - q ≢ q - p
x^5 - x^4 + x^3 - x^2 + x - 1 ≡ (x-1)(x^4+x^2+1)
x^5 - x^4 + x^3 - x^2 + x - 1 ≢ x^5 - x^4 + x^3 - x^2 + x + 1
6r^2-4r-24 ≡ 2(3r^2-2r-12)
6r^2-4r-24 ≢ 6r^2-4r+24
(a+5)(b+2) ≡ (b+2)(a+5)
(a+5)(b+2) ≡ ab+2a+5b+10
(a+5)(b+2) ≢ (a+2)(b+5)
x^3+3x-6 ≢ x^3+3x^2-6
5r^5 ≢ 5r^4
3R^2 ≢ 3r^2
3R^2 ≡ R^2\cdot 3
\frac{11+9a}{20} ≡ \frac{11}{20}+\frac{9a}{20}
\frac{x^2-1}{x-1} ≡ x+1
\frac{1}{x}+\frac{1}{y} ≡ \frac{x+y}{xy}
\frac{1}{2\pi} ≢ \frac{\pi}{2}
2^{n+1} ≡ 2\cdot 2^n
2^{n+1} ≢ 2^n+1
x^{10} ≡ x^10
x^{10} ≢ x^1 \cdot 0
\sqrt{x^2} ≢ x
\sqrt{x^2} ≡ |x|
\cot x ≡ \frac{\cos x}{\sin x}
\cot x ≡ \frac{1}{\tan x}
\cot x ≢ \tan x
\sin^2 x+\cos^2 x ≡ 1
\sin 2x ≡ 2\sin x\cos x
\sin 2x ≢ 2\sin x
n! ≡ n\cdot(n-1)!
\binom{n}{2} ≡ \frac{n(n-1)}{2}
a_1+a_2 ≡ a_2+a_1
a_1 ≢ a_2
\alpha+\beta ≡ \beta+\alpha
\alpha ≢ \beta
x=5 ≡ 2x=10
x=5 ≢ y=5
x=5 ≢ x=-5
x = \frac{10}{2} = 5 ≡ 5
2+2 = 5 ≢ 5
5 ≢ x = 3 = 5
x^2 ≢ x = x^2
2x=0 ≢ x-x=0
2apple+1 ≢ 2elppa+1
y = 2x + 3 ≡ 2x+3
y = 2x + 3 ≡ y-2x=3
y = 2x + 3 ≡ 2x - y + 3 = 0
y = 2x + 3 ≢ y = 3x+2
y = 2x + 3 ≢ y = 2x
y = -2x ≡ 2x+y=0
5x - 7y + 11z + 4 = 0 ≡ -10x+14y-22z = 8
5x - 7y + 11z + 4 = 0 ≢ 5x - 7y + 11z - 4 = 0
5x - 7y + 11z + 4 = 0 ≢ 5x - 7y + 11z + 4
f(x) = x^2 ≡ x^2
f(x) = x^2 ≡ f(x)=x\cdot x
x^2+y^2=1 ≢ x+y=1
2x+3 > 0 ≡ x > -\frac32
2x+3 > 0 ≢ x < -\frac32
`);

export const collectionPairs = parsePairs(String.raw`
\left( 3, \frac{\pi}{2} \right) ≡ (3,\pi/2)
\left( 3, \frac{\pi}{2} \right) ≢ (\pi/2,3)
[1,2] ≢ (1,2)
(1,234) ≢ 1234
5 ≢ (5]
1\pm\sqrt2\mp\sqrt3 ≡ 1+\sqrt2-\sqrt3, 1-\sqrt2+\sqrt3
(6,31,-1) ≡ ( 6 , 31 , -1 )
(6,31,-1) ≢ (6,31,1)
(6,31,-1) ≢ (6,31)
(x,y)=(1,2) ≡ (1,2)
(8,-2) ≡ （8，−2）
3, 5, 7 ≡ 7, 5, 3
3, 5, 7 ≡ 3,5 \text{ and } 7
3, 5, 7 ≡ \{3,5,7\}
3, 5, 7 ≡ 3、5、7
3, 5, 7 ≢ 3, 5
3, 5, 7 ≢ 3, 5, 8
3, 5, 7 ≢ 3, 5, 7, 9
3, 5, 7 ≢ 15
-2,1 ≡ 1,-2
-2,1 ≡ x=1 \text{ or } x=-2
-2,1 ≡ x=-2,1
-2,1 ≡ 1 or -2
-2,1 ≡ 1 或 -2
x=1, y=2 ≢ x=2, y=1
x=1, y=2 ≡ y=2, x=1
1 \pm \sqrt{19} ≡ 1+\sqrt{19}, 1-\sqrt{19}
1 \pm \sqrt{19} ≢ 1+\sqrt{19}
3 \pm 2 \sqrt{2} ≡ x = 3-2\sqrt2, x = 3+2\sqrt2
3 \pm 2 \sqrt{2} ≢ 3 \pm \sqrt{2}
\pm 5 ≡ 5,-5
\{1,2\} ≡ \{2,1\}
\{1,2\} ≡ \{1,2,2\}
\{1,2\} ≢ \{1,3\}
\{1,2\} ≢ (1,2)
\emptyset ≡ \varnothing
\emptyset ≢ \{0\}
\emptyset ≡ \{\}
(2,\infty) ≡ (2, +\infty)
(2,\infty) ≡ x > 2
(2,\infty) ≡ \{x \mid x > 2\}
(2,\infty) ≢ [2,\infty)
(2,\infty) ≢ (-\infty,2)
(-\infty, 0] ≡ x \le 0
(-\infty, 0] ≢ x < 0
x \in [-2,7] ≡ [-2,7]
x \in [-2,7] ≡ -2 \leq x \leq 7
x \in [-2,7] ≡ 7 \ge x \ge -2
x \in [-2,7] ≢ [-2,7)
x \in [-2,7] ≢ y \in [-2,7]
\left(\frac{3}{5},\frac{8}{3}\right] ≡ (0.6, 8/3]
(0,9) \cup (9,36) ≡ (9,36)\cup(0,9)
(0,9) \cup (9,36) ≡ (0,9) U (9,36)
(0,9) \cup (9,36) ≡ (0,36) \setminus \{9\}
(0,9) \cup (9,36) ≢ (0,36)
(0,9) \cup (9,36) ≢ (0,9] \cup (9,36)
[1,2]\cup[2,3] ≡ [1,3]
(-\infty, 2) \cup (3, \infty) ≡ (-\infty,\infty)\setminus[2,3]
(-\infty,\infty) ≡ \mathbb{R}
(-\sqrt{3}, \sqrt{3}) ≡ (-3^{1/2}, 3^{1/2})
\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix} ≡ \begin{bmatrix} -\frac13 \\ \frac23 \\ \frac53 \end{bmatrix}
\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix} ≢ \begin{pmatrix} 1/3 \\ 2/3 \\ 5/3 \end{pmatrix}
\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix} ≢ \begin{pmatrix} 0 & -1 \\ -1 & 0 \end{pmatrix}
\begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix} ≡ \begin{array}{c} 0.2 \\ -3.6 \end{array}
`);

export const wordPairs = parsePairs(String.raw`
\text{Evelyn} ≡ Evelyn
\text{Evelyn} ≡ \text{evelyn}
\text{Evelyn} ≡ \textbf{Evelyn}
\text{Evelyn} ≡ \mathrm{Evelyn}
\text{Evelyn} ≢ nylevE
\text{Evelyn} ≢ Briana
\text{even} ≢ odd
\text{east} ≡ East.
\text{ellipse} ≢ \text{parabola}
\text{(E)} ≡ (E)
\text{(E)} ≡ E)
\text{(E)} ≢ (A)
864 \mbox{ inches}^2 ≡ 864
864 \mbox{ inches}^2 ≡ 864 \text{ square inches}
864 \mbox{ inches}^2 ≡ 864\text{ in}^2
864 \mbox{ inches}^2 ≢ 864 \text{ cm}^2
864 \mbox{ inches}^2 ≢ 864 \text{ inches}
864 \mbox{ inches}^2 ≢ 865 \text{ inches}^2
15\mbox{ cm}^2 ≡ 15cm^2
15\mbox{ cm}^2 ≡ 15 平方厘米
\frac{270}7\text{ degrees} ≡ \frac{270}{7}^\circ
\frac{270}7\text{ degrees} ≢ \frac{27}{7}^\circ
5.4 \text{ cents} ≡ 5.4
5.4 \text{ cents} ≡ \$0.054
5.4 \text{ cents} ≢ \$5.4
\$32,\!348 ≡ 32348
\$32,\!348 ≡ $32,348
\$32,\!348 ≡ 32,348 \text{ dollars}
\$32,\!348 ≢ 32,349
\$18.90 ≡ 18.9
\$36 ≢ 36\text{ cents}
18 ≡ $18 per day
12 ≡ 12 apples
12 ≡ 12\text{ ways}
12 ≡ 12\text{ units}
12 ≢ 12\text{ million}
5000000 ≡ 5\text{ million}
\frac12\% ≡ \frac12
12.5 ≡ 12.5\%
50\% ≡ 50
50\% ≡ \frac12
50\% ≢ 5
0.5 ≢ 0.5\%
4210_{5} ≡ 4210_5
4210_{5} ≡ 4210\text{ (base 5)}
4210_{5} ≢ 4210_6
204_5 ≢ 54
24 ≡ 24元
24 ≡ 24个
24 ≡ 24 千米
24元 ≡ ¥24
24元 ≢ 24角
24元 ≡ 240角
5万 ≡ 50000
5万 ≢ 5
3亿 ≡ 300000000
50000 ≡ 5万元
0.5 ≡ ０．５
1,2 ≡ 1和2
(1,2) ≡ （1，2）
x=5 ≡ x＝5
90 ≡ 90度
3 ≢ 3\text{ not}
0 ≢ \emptyset
\text{no solution} ≡ No solution
\text{no solution} ≢ 0
相等 ≡ \text{相等}
相等 ≢ 不相等
12 ≢ 多12
`);
