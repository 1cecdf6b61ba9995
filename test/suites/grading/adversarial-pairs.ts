/** Pairs that a careless grader gets wrong, in both directions, by kind of answer. */
import { parsePairs } from './pairs.js';

export const writtenNumbers = parsePairs(String.raw`
7 ≡ +7
7 ≡ 7.000
7 ≡ 007
7 ≡ \mathbf{7}
7 ≡ {7}
7 ≡ \boldsymbol{7}
7 ≡ $$7$$
7 ≡ 7\,
7 ≡ \quad 7
7 ≢ 7'
7 ≢ 7i
7 ≢ 7x
7 ≢ 77
7 ≢ 7, 7
7 ≢ 7!
7 ≢ -7
7 ≢ 1/7
7 ≢ 0.7
7 ≢ 70\%
7 ≢ 7.0001
7 ≢ 6.9999999999
7 ≢ 7\pm 1
7 ≢ \text{seven hundred}
7 ≢ x > 7
7 ≢ x \ne 7
7 ≢ [7,8]
1500 ≡ 1.5\times10^3
1500 ≡ 1.5 \cdot 10^{3}
1500 ≡ 1.5e3
1500 ≡ 1.5E3
1500 ≡ 1.5e+3
1500 ≡ 15e2
1500 ≡ 1.5 x 10^3
1500 ≡ 1.5×10³
1500 ≡ 1,500.0
1500 ≢ 1.5\times10^4
1500 ≢ 1.5e2
1500 ≢ 1.5e
1500 ≢ 1.5
0.00012 ≡ 1.2e-4
0.00012 ≡ 1.2e-04
0.00012 ≡ 1.2\times 10^{-4}
0.00012 ≢ 1.2e4
2e-5 ≡ -5+2e
1,234,567 ≡ 1234567
1,234,567 ≡ 1\,234\,567
1,234,567 ≡ 1{,}234{,}567
1,234,567 ≢ 1, 234, 567
1,234,567 ≢ 1.234567
12,34 ≢ 1234
0.5 ≡ .5
0.5 ≡ 1/2
0.5 ≡ \frac{1}{2}
0.5 ≡ 2^{-1}
0.5 ≢ 0,5
0.5 ≢ 5
0.125 ≡ \frac18
0.125 ≢ \frac1{80}
0.1\overline{3} ≡ \frac{2}{15}
0.\overline{9} ≡ 1
0.\overline{142857} ≡ \frac17
0.\overline{142857} ≢ 0.142857
3.14 ≢ 3.1
3.14 ≢ \pi
`);

export const fractions = parsePairs(String.raw`
\frac{1}{2} ≡ 1/2
\frac{1}{2} ≡ \frac12
\frac{1}{2} ≡ \frac 1 2
\frac{1}{2} ≡ \dfrac{2}{4}
\frac{1}{2} ≡ {1}/{2}
\frac{1}{2} ≡ (1)/(2)
\frac{1}{2} ≡ 1 \div 2
\frac{1}{2} ≡ 2/4
\frac{1}{2} ≢ 2
\frac{1}{2} ≢ 1, 2
\frac{1}{2} ≢ 12
\frac{1}{2} ≢ -\frac{1}{2}
\frac{1}{2} ≢ \frac{1}{2}x
-\frac{3}{4} ≡ \frac{-3}{4}
-\frac{3}{4} ≡ \frac{3}{-4}
-\frac{3}{4} ≡ -0.75
-\frac{3}{4} ≢ \frac{4}{-3}
\frac{\frac12}{3} ≡ \frac16
\frac{\frac12}{3} ≢ \frac32
2\frac{1}{3} ≡ \frac73
2\frac{1}{3} ≡ 2 1/3
2\frac{1}{3} ≡ 2+\frac13
2\frac{1}{3} ≢ \frac23
2\frac{1}{3} ≢ 21/3
2\frac{1}{3} ≢ -2\frac13
-2\frac{1}{3} ≡ -\frac73
-2\frac{1}{3} ≢ -\frac53
1 1/2 ≡ 1.5
1 1/2 ≢ 5.5
\frac{5}{10} ≡ 0.5
3245/5 ≡ 649
\frac{7}{0} ≢ 0
\frac{7}{0} ≢ \infty
`);

export const ratios = parsePairs(String.raw`
3:2 ≡ 3:2
3:2 ≡ 3 : 2
3:2 ≡ 3：2
3:2 ≡ 6:4
3:2 ≡ \frac32
3:2 ≡ 3/2
3:2 ≡ 1.5
3:2 ≡ 3 \text{ to } 2
3:2 ≡ 3 to 2
3:2 ≢ 2:3
3:2 ≢ 2/3
3:2 ≢ 3:2:1
3:2 ≢ 32
3:2 ≢ (3,2)
3:2 ≢ 3,2
\frac32 ≡ 3:2
\frac32 ≢ 2:3
\frac32 ≢ 3 to 2
1:2:3 ≡ 2:4:6
1:2:3 ≢ 1:3:2
1:2:3 ≢ 3:2:1
1:2:3 ≢ 1/2/3
1:\sqrt3:2 ≡ \sqrt3:3:2\sqrt3
1:\sqrt3:2 ≢ 1:3:2
0:1 ≢ 1:0
0:1:2 ≢ 0:2:1
a:b ≡ 2a:2b
a:b ≢ b:a
a:b = 3:2 ≡ 3:2
a:b = 3:2 ≢ b:a = 3:2
3:20 ≡ 3:20
3:20 ≢ 6:40
3:20 ≢ 3:21
6:00 \text{ p.m.} ≡ 6:00 pm
6:00 \text{ p.m.} ≡ 6:00 P.M.
6:00 \text{ p.m.} ≡ 6:00
6:00 \text{ p.m.} ≢ 6:00 a.m.
6:00 \text{ p.m.} ≢ 6:30 p.m.
6:00 ≢ 600
`);

export const unitsAndMoney = parsePairs(String.raw`
1\text{ m} ≡ 100\text{ cm}
1\text{ m} ≡ 1 m
1\text{ m} ≡ 1
1\text{ m} ≡ 1\text{ meter}
1\text{ m} ≢ 100
1\text{ m} ≢ 10\text{ cm}
1\text{ m} ≢ 1\text{ m}^2
1\text{ m} ≢ 1\text{ kg}
100 \text{ cm} ≡ 1 \text{ m}
100 \text{ cm} ≡ 1m
100 \text{ cm} ≡ 1 米
100 \text{ cm} ≢ 1
1\text{ ft} ≡ 12\text{ in}
1\text{ ft} ≡ 30.48\text{ cm}
1\text{ ft} ≢ 30\text{ cm}
1 \text{ mile} ≡ 5280 \text{ feet}
2 \text{ m}^2 ≡ 20000 \text{ cm}^2
2 \text{ m}^2 ≢ 200 \text{ cm}^2
1 \text{ liter} ≡ 1000 \text{ cm}^3
1 \text{ liter} ≡ 1000 ml
90 \text{ minutes} ≡ 1.5 \text{ hours}
90 \text{ minutes} ≡ 1\frac12\text{ hours}
90 \text{ minutes} ≢ 1.5
90 \text{ minutes} ≢ 90 \text{ seconds}
2 \text{ years} ≡ 24 \text{ months}
1 \text{ month} ≢ 30 \text{ days}
36 \text{ km/h} ≡ 10 \text{ m/s}
36 \text{ km/h} ≡ 36 km/h
36 \text{ km/h} ≢ 36 \text{ m/s}
60 \text{ mph} ≡ 60 \text{ miles per hour}
60 \text{ mph} ≡ 1 \text{ mile per minute}
3\text{ dollars per hour} ≡ \$3/hour
1 \text{ ton} ≢ 2000 \text{ kg}
1 \text{ pound} ≡ 16 \text{ ounces}
180^\circ ≡ \pi \text{ radians}
180^\circ ≢ 180 \text{ radians}
180^\circ ≡ 180
45^{\circ} ≡ 45°
45^{\circ} ≡ 45 \text{ deg}
45^{\circ} ≢ 45\%
5 ≡ 5 apples
5 ≡ 5\text{ people}
5 ≡ 5 cups of flour
5 ≡ 5 marbles left
5 ≡ 5 square units
5 ≡ 5\text{ ways}
5 ≢ 5 not
5 ≢ 5 or 6
5 ≢ 5 to 6
5 ≢ 5 approximately
5 ≢ 5 halves
5 ≢ 5 maybe
5 ≢ 5 unknown
5 ≢ 5 exclusive
5 ≢ 5 hundreds
5 ≢ 5 more
5 ≢ 5 or more
5 ≢ 5 less than x
5 ≢ 5 minus 2
5 ≢ 5 squared
5 ≢ 5 plus
5 ≢ about 5
5 ≢ not 5
5 ≢ 5?
5 ≢ 5 dozen
5 ≢ 5k
5 apples ≢ 5 oranges
5 apples ≢ 6 apples
5 \text{ cm} ≢ 5 apples
\$5 ≡ 5 dollars
\$5 ≡ $5.00
\$5 ≡ 5
\$5 ≡ 500 cents
\$5 ≡ 5 USD
\$5 ≢ 5 cents
\$5 ≢ 5 euros
\$5 ≢ £5
\$5 ≢ 5元
\$1.5 \text{ million} ≡ 1500000
\$1.5 \text{ million} ≢ 1.5
-\$5 ≡ -5
`);

export const percentages = parsePairs(String.raw`
25\% ≡ 25%
25\% ≡ 0.25
25\% ≡ \frac14
25\% ≡ 25
25\% ≡ 25 \text{ percent}
25\% ≢ 2.5
25\% ≢ 0.025
25\% ≢ 25^\circ
0.25 ≢ 25\%
25 ≡ 25\%
25 ≢ 0.25\%
25 ≢ 2500\%
33\frac13\% ≡ \frac{100}{3}\%
33\frac13\% ≡ \frac13
33\frac13\% ≢ 33\%
`);

export const bases = parsePairs(String.raw`
1011_2 ≡ 1011
1011_2 ≡ 1011_{2}
1011_2 ≢ 11
1011_2 ≢ 1011_3
1011_2 ≢ 1101_2
1011_2 ≢ 1011.0
11 ≢ 1011_2
01011_2 ≡ 1011_2
1011_2 ≡ 1011 \text{ (base 2)}
`);

export const collections = parsePairs(String.raw`
(1,2) ≡ \left(1,2\right)
(1,2) ≡ ( 1 , \frac42 )
(1,2) ≡ \langle 1, 2 \rangle
(1,2) ≢ (2,1)
(1,2) ≢ [1,2]
(1,2) ≢ \{1,2\}
(1,2) ≢ 1,2
(1,2) ≢ (1,2,0)
(1,2) ≢ ((1,2))x
(1,2) ≢ \frac12
(1,2) ≢ 1.2
(1,2) ≢ \begin{pmatrix} 1 \\ 2 \end{pmatrix}
1,2 ≡ 2,1
1,2 ≡ 2 \text{ and } 1
1,2 ≡ 1; 2
1,2 ≡ \{1,2\}
1,2 ≡ x=1 \text{ or } x=2
1,2 ≢ 1
1,2 ≢ 1,2,3
1,2 ≢ 1,1,2
1,2 ≢ 1.2
1,2 ≢ 12
1,2 ≢ 3
\{1,2,3\} ≡ \{3,2,1\}
\{1,2,3\} ≡ \{1, 2, 3, 3\}
\{1,2,3\} ≢ \{1,2\}
\{1,2,3\} ≢ (1,2,3)
\{1,2,3\} ≢ [1,3]
\{(1,2),(3,4)\} ≡ \{(3,4),(1,2)\}
\{(1,2),(3,4)\} ≢ \{(2,1),(3,4)\}
(1,2),(3,4) ≡ (3,4),(1,2)
(1,2),(3,4) ≢ (1,2)
\emptyset ≡ \{\}
\emptyset ≡ \varnothing
\emptyset ≢ 0
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≡ (1,2)
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≡ \begin{bmatrix} 1 \\ 2 \end{bmatrix}
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≡ \left( \begin{array}{c} 1 \\ 2 \end{array} \right)
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ (2,1)
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ [1,2]
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ 1,2
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ \begin{pmatrix} 1 & 2 \end{pmatrix}
\begin{pmatrix} 1 \\ 2 \end{pmatrix} ≢ \begin{pmatrix} 2 \\ 1 \end{pmatrix}
\begin{pmatrix} 1 & 2 \end{pmatrix} ≡ (1,2)
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≢ (1,2,3,4)
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≡ \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≡ \begin{pmatrix} 1 & 2 \\ 3 & 4 \\ \end{pmatrix}
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≢ \begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≢ \begin{pmatrix} 3 & 4 \\ 1 & 2 \end{pmatrix}
\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} ≢ \begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix}
`);

export const intervals = parsePairs(String.raw`
[0,1] ≡ [0, 1.0]
[0,1] ≡ 0 \le x \le 1
[0,1] ≡ x \in [0,1]
[0,1] ≡ 1 \ge t \ge 0
[0,1] ≡ \{x \mid 0 \le x \le 1\}
[0,1] ≡ [0,\frac12] \cup [\frac12,1]
[0,1] ≢ (0,1)
[0,1] ≢ [0,1)
[0,1] ≢ (0,1]
[0,1] ≢ \{0,1\}
[0,1] ≢ [1,0]
[0,1] ≢ 0 < x \le 1
[0,1] ≢ [0,1] \cup \{2\}
(0,9)\cup(9,36) ≡ (9,36)\cup(0,9)
(0,9)\cup(9,36) ≢ (0,36)
(0,9)\cup(9,36) ≢ (0,9)\cap(9,36)
(0,9)\cup(9,36) ≢ (0,9),(9,36)
(-\infty,3) ≡ x<3
(-\infty,3) ≡ 3>x
(-\infty,3) ≢ x \le 3
(-\infty,3) ≢ x>3
(-\infty,3) ≢ (-3,\infty)
(-\infty,-1)\cup(1,\infty) ≡ (1,+\infty) \cup (-\infty,-1)
(-\infty,-1)\cup(1,\infty) ≢ (-1,1)
(-\infty,-1)\cup(1,\infty) ≡ \mathbb{R} \setminus [-1,1]
\infty ≡ +\infty
\infty ≢ -\infty
`);

export const formulas = parsePairs(String.raw`
x=5 ≡ 5
x=5 ≡ 5=x
x=5 ≡ x = 5.0
x=5 ≢ x = 5 or 7
x=5 ≢ x = 5, 7
x=5 ≢ x = 6
x=5 ≢ y = 5
x=5 ≢ x > 5
x=5 ≢ x \ne 5
x=5 ≢ x = 5i
5 ≡ x=5
5 ≢ x = 5 or 7
y=2x+3 ≡ 2x+3
y=2x+3 ≡ y-2x-3=0
y=2x+3 ≡ 2y=4x+6
y=2x+3 ≡ y=3+2x
y=2x+3 ≢ y=2x-3
y=2x+3 ≢ x=2y+3
y=2x+3 ≢ y>2x+3
y=2x+3 ≢ 2x+3=0
x^2+y^2=4 ≡ \frac{x^2}{4}+\frac{y^2}{4}=1
x^2+y^2=4 ≢ x^2+y^2=2
x^2+y^2=4 ≢ x^2-y^2=4
(x+1)^2 ≡ x^2+2x+1
(x+1)^2 ≡ (1+x)(x+1)
(x+1)^2 ≢ x^2+1
(x+1)^2 ≢ x^2+2x-1
(x+1)^2 ≢ (y+1)^2
x^2-1 ≡ (x-1)(x+1)
x^2-1 ≢ (x-1)^2
\frac{x^2-1}{x+1} ≡ x-1
x(y+z) ≡ xy+xz
x(y+z) ≢ xy+z
2x^3-x ≢ 2x^3-x^2
3x ≢ 3
3x ≢ x^3
ab ≡ ba
ab ≢ a+b
2^x ≢ x^2
\sqrt{8} ≡ 2\sqrt2
\sqrt{8} ≡ 8^{1/2}
\sqrt{8} ≡ 2^{3/2}
\sqrt{8} ≢ 4\sqrt2
\sqrt{8} ≢ 2.828
\sqrt{8} ≢ \pm\sqrt8
\sqrt{8} ≢ -\sqrt{8}
\sqrt{8} ≢ \sqrt[3]{8}
\frac{1}{\sqrt2} ≡ \frac{\sqrt2}{2}
\sqrt{2}+\sqrt{3} ≢ \sqrt{5}
\sqrt[3]{54} ≡ 3\sqrt[3]{2}
\pi/4 ≡ 0.25\pi
\pi/4 ≡ \frac14 \pi
\pi/4 ≢ \frac{4}{\pi}
\pi/4 ≢ 0.785
\pi/4 ≢ 45
2\pi r ≡ 2 r \pi
2\pi r ≢ \pi r^2
3+4i ≡ 4i+3
3+4i ≡ 3+4\mathrm{i}
3+4i ≡ \frac{(2+i)^2\cdot 1}{1}
3+4i ≢ 3-4i
3+4i ≢ 4+3i
3+4i ≢ 5
3+4i ≢ (3,4)
-i ≡ \frac1i
\sin x ≢ \sin y
\sin^2 x ≡ 1-\cos^2 x
\sin^2 x ≢ \sin x^2
\log_2 x ≢ \log_3 x
\ln(xy) ≡ \ln x+\ln y
e^{2x} ≡ (e^x)^2
e^{2x} ≢ e^{x^2}
\frac{n(n+1)}{2} ≡ \binom{n+1}{2}
\frac{n(n+1)}{2} ≢ \frac{n(n-1)}{2}
|x| ≢ x
{10 \choose 3} ≡ 120
{10 \choose 3} ≢ 1000
\lfloor x \rfloor ≢ x
`);

export const wordsAndChoices = parsePairs(String.raw`
\text{(B)} ≡ B
\text{(B)} ≡ (B)
\text{(B)} ≡ \text{B}
\text{(B)} ≡ \mathbf{B}
\text{(B)} ≡ b
\text{(B)} ≢ A
\text{(B)} ≢ 8
\text{(B)} ≢ B, C
\text{(B)} ≢ AB
\text{(B)} ≢ \text{not B}
\text{Tuesday} ≡ Tuesday
\text{Tuesday} ≡ tuesday.
\text{Tuesday} ≡ \textit{Tuesday}
\text{Tuesday} ≢ Thursday
\text{Tuesday} ≢ \text{not Tuesday}
\text{odd and even} ≡ odd and even
\text{yes} ≢ no
\text{yes} ≢ \text{yes and no}
\text{parallel} ≢ \text{not parallel}
\text{parallel} ≢ 2
\text{no solution} ≡ \emptyset
\text{no solution} ≢ \text{one solution}
\text{all real numbers} ≡ \mathbb{R}
\text{all real numbers} ≡ (-\infty,\infty)
\text{all real numbers} ≢ \text{all integers}
1 ≢ \text{one or two}
0 ≢ \text{none}
0 ≢ \text{undefined}
2 ≢ \text{II}
`);

export const chinese = parsePairs(String.raw`
3/4 ≡ ３／４
3/4 ≡ 四分之三
3/4 ≡ 4分之3
3/4 ≢ 三分之四
1/2 ≡ 二分之一
1/2 ≢ 二分之三
1\frac12 ≡ 一又二分之一
1\frac12 ≡ １．５
50\% ≡ 百分之五十
50\% ≡ 50％
50\% ≢ 百分之五
12.5\% ≡ 百分之十二点五
5 ≡ 5元
5 ≡ 五
5 ≡ 五个
5 ≡ 5个苹果
5 ≡ ５
5 ≡ 5名学生
5 ≡ 5人
5 ≢ 五十
5 ≢ 5万
5 ≢ 5左右
5 ≢ 5以上
5 ≢ 5多
5 ≢ 5个半
5 ≢ 约5
5 ≢ 不是5
5 ≢ 5或6
5 ≢ 五边形
5元 ≡ 五元
5元 ≡ 50角
5元 ≢ 5角
3千克 ≡ 3 kg
3千克 ≡ 3000克
3千克 ≡ 三千克
3千克 ≡ 3公斤
3千克 ≢ 3克
3千克 ≢ 3千米
12 ≡ 十二
12 ≡ 一十二
12 ≢ 二十
20 ≡ 二十
105 ≡ 一百零五
150 ≢ 一百零五
2024 ≡ 二〇二四
35000 ≡ 3.5万
35000 ≡ 三万五千
35000 ≡ 3万5千
35000 ≢ 3.5
35000 ≢ 三千五百
120000000 ≡ 一亿二千万
200 ≡ 两百
3500 ≢ 三千五
3005 ≢ 三千五
3005 ≡ 三千零五
3.5 ≡ 三点五
-3 ≡ 负三
60千米/时 ≡ 60千米每小时
60千米/时 ≡ 60 km/h
60千米/时 ≢ 60米/秒
25平方厘米 ≡ 25\text{ cm}^2
25平方厘米 ≢ 25厘米
8立方米 ≡ 8\text{ m}^3
2小时 ≡ 120分钟
2小时 ≢ 2分钟
(1,2) ≡ （１，２）
1,2 ≡ 1、2
1,2 ≡ 1和2
1,2 ≡ 1或2
3:2 ≡ 3：2
3:2 ≡ 3∶2
90 ≡ 90度
三角形 ≡ \text{三角形}
三角形 ≢ 四边形
三角形 ≢ 3
相等 ≢ 不相等
一样多 ≢ 1
无解 ≡ \emptyset
无解 ≢ 0
全体实数 ≡ \mathbb{R}
`);
