/** Bodies that solve the problems of HumanEval-Mul in the box: language -> number of the task -> body. */
import type { MulLanguage } from '../../../../datasets/mul-problem.js';

export const sampleSolutions: Readonly<Record<MulLanguage, readonly [string, string, string]>> = {
  python: [
    '    left = length - sum(widths)\n    return left if left >= 0 else -1\n',
    '    return [word for word in text.split() if word.isupper()]\n',
    '    return min(heights), max(heights)\n',
  ],
  cpp: [
    'long left = std::accumulate(widths.begin(), widths.end(), length, std::minus<long>());\nreturn left < 0 ? -1 : left;',
    'std::istringstream words(text);\nstd::vector<std::string> loud;\nfor (std::string word; words >> word;)\n  if (std::all_of(word.begin(), word.end(), [](char c) { return std::isupper(c); })) loud.push_back(word);\nreturn loud;',
    'return {*std::min_element(heights.begin(), heights.end()), *std::max_element(heights.begin(), heights.end())};',
  ],
  java: [
    'for (long width : widths) length -= width;\nreturn Math.max(length, -1);',
    'return Arrays.stream(text.split(" ")).filter(word -> !word.isEmpty() && word.equals(word.toUpperCase())).collect(Collectors.toCollection(ArrayList::new));',
    'return Pair.with(Collections.min(heights), Collections.max(heights));',
  ],
  cs: [
    'return Math.Max(length - widths.Sum(), -1);',
    'return text.Split(\' \').Where(word => word != "" && word == word.ToUpper()).ToList();',
    'return Tuple.Create(heights.Min(), heights.Max());',
  ],
  js: [
    'return Math.max(widths.reduce((left, width) => left - width, length), -1);',
    "return text.split(' ').filter((word) => word && word === word.toUpperCase());",
    'return [Math.min(...heights), Math.max(...heights)];',
  ],
  ts: [
    'return Math.max(widths.reduce((left: number, width) => left - width, length), -1);',
    "return text.split(' ').filter((word): boolean => word !== '' && word === word.toUpperCase());",
    'const marks: [number, number] = [Math.min(...heights), Math.max(...heights)];\nreturn marks;',
  ],
  php: [
    'return max($length - array_sum($widths), -1);',
    'return array_values(array_filter(explode(" ", $text), fn($word) => $word !== "" && ctype_upper($word)));',
    'return [min($heights), max($heights)];',
  ],
  sh: [
    'local left=$2 width\nfor width in $1; do left=$((left - width)); done\n[ "$left" -lt 0 ] && left=-1\necho "$left"',
    'echo "$1" | tr " " "\\n" | grep -E "^[A-Z]+$" | paste -s -d " "',
    'local sorted\nsorted=$(tr " " "\\n" <<< "$1" | sort -n)\necho "$(head -n 1 <<< "$sorted") $(tail -n 1 <<< "$sorted")"',
  ],
};
