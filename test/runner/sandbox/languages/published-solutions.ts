/** Bodies, written for these tests, that solve published problems of HumanEval-Mul: language -> number of the task -> body. */
import type { CodeLanguage } from '../../../../suites/suite.js';

export const publishedSolutions: Readonly<Record<CodeLanguage, Readonly<Record<number, string>>>> = {
  cpp: {
    8: 'long sum = 0, product = 1;\nfor (long x : numbers) { sum += x; product *= x; }\nreturn std::make_tuple(sum, product);',
    12: 'if (strings.empty()) return std::nullopt;\nstd::string best = strings[0];\nfor (auto &s : strings) if (s.size() > best.size()) best = s;\nreturn best;',
    103: 'if (n > m) return -1;\nlong mean = std::lrint((n + m) / 2.0);\nstd::string bits;\nfor (; mean > 0; mean /= 2) bits = char(\'0\' + mean % 2) + bits;\nreturn "0b" + bits;',
    111: "std::map<std::string, long> counts, most;\nlong top = 0;\nfor (char c : test) if (c != ' ') top = std::max(top, ++counts[std::string(1, c)]);\nfor (auto &[letter, n] : counts) if (n == top) most[letter] = n;\nreturn most;",
    112: 'std::string kept;\nfor (char x : s) if (c.find(x) == std::string::npos) kept += x;\nreturn {kept, std::equal(kept.begin(), kept.end(), kept.rbegin())};',
  },
  java: {
    8: 'long sum = 0, product = 1;\nfor (long x : numbers) { sum += x; product *= x; }\nreturn Pair.with(sum, product);',
    12: 'Optional<String> best = Optional.empty();\nfor (String s : strings) if (best.isEmpty() || s.length() > best.get().length()) best = Optional.of(s);\nreturn best;',
    42: 'ArrayList<Long> more = new ArrayList<>();\nfor (long x : l) more.add(x + 1);\nreturn more;',
    111: 'HashMap<String, Long> counts = new HashMap<>();\nfor (String s : test.split(" ")) if (!s.isEmpty()) counts.merge(s, 1L, Long::sum);\nlong top = counts.values().stream().mapToLong(x -> x).max().orElse(0);\ncounts.values().removeIf(n -> n < top);\nreturn counts;',
    112: 'String kept = s.chars().filter(x -> c.indexOf(x) < 0).mapToObj(x -> String.valueOf((char) x)).collect(Collectors.joining());\nreturn Pair.with(kept, new StringBuilder(kept).reverse().toString().equals(kept));',
  },
  cs: {
    4: 'float mean = numbers.Sum() / numbers.Count;\nreturn numbers.Select(x => Math.Abs(x - mean)).Sum() / numbers.Count;',
    8: 'long product = 1;\nforeach (long x in numbers) product *= x;\nreturn Tuple.Create(numbers.Sum(), product);',
    12: 'string best = null;\nforeach (string s in strings) if (best == null || s.Length > best.Length) best = s;\nreturn best;',
    42: 'return l.Select(x => x + 1).ToList();',
    53: 'return x + y;',
    112: 'string kept = new string(s.Where(x => !c.Contains(x)).ToArray());\nreturn Tuple.Create(kept, kept.SequenceEqual(kept.Reverse()));',
  },
  js: {
    4: 'const mean = numbers.reduce((a, b) => a + b) / numbers.length;\nreturn numbers.reduce((a, b) => a + Math.abs(b - mean), 0) / numbers.length;',
    8: 'return [numbers.reduce((a, b) => a + b, 0), numbers.reduce((a, b) => a * b, 1)];',
    12: 'return strings.reduce((a, b) => (a === undefined || b.length > a.length ? b : a), undefined);',
    42: 'return l.map((x) => x + 1);',
    53: 'return x + y;',
    112: 'const kept = [...s].filter((x) => !c.includes(x)).join("");\nreturn [kept, kept === [...kept].reverse().join("")];',
  },
  ts: {
    8: 'return [numbers.reduce((a, b) => a + b, 0), numbers.reduce((a, b) => a * b, 1)];',
    12: 'let best: string | undefined;\nfor (const s of strings) if (best === undefined || s.length > best.length) best = s;\nreturn best;',
    42: 'return l.map((x: number): number => x + 1);',
    53: 'return (x + y) as number;',
    112: 'const kept: string = [...s].filter((x) => !c.includes(x)).join("");\nreturn [kept, kept === [...kept].reverse().join("")];',
  },
  php: {
    4: '$mean = array_sum($numbers) / count($numbers);\nreturn array_sum(array_map(fn($x) => abs($x - $mean), $numbers)) / count($numbers);',
    8: 'return [array_sum($numbers), array_product($numbers)];',
    12: '$best = null;\nforeach ($strings as $s) if ($best === null || strlen($s) > strlen($best)) $best = $s;\nreturn $best;',
    42: 'return array_map(fn($x) => $x + 1, $l);',
    53: 'return $x + $y;',
    112: '$kept = str_replace(str_split($c), "", $s);\nreturn [$kept, $kept === strrev($kept)];',
  },
  sh: {
    8: 'local sum=0 product=1 x\nfor x in $1; do sum=$((sum + x)); product=$((product * x)); done\necho "$sum $product"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Bash's own.
    12: '[ -z "$1" ] && { echo None; return; }\nlocal best="" x\nfor x in $1; do [ ${#x} -gt ${#best} ] && best=$x; done\necho "$best"',
    42: 'for x in $1; do echo -n "$((x + 1)) "; done | sed "s/ $//"',
    53: 'echo $(($1 + $2))',
    112: 'local kept reversed\nkept=$(echo "$1" | tr -d "$2")\nreversed=$(echo "$kept" | rev)\n[ "$kept" = "$reversed" ] && echo "$kept true" || echo "$kept false"',
  },
};
