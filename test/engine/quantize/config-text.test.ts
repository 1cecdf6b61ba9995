import { describe, expect, test } from '@jest/globals';
import { withMember, withoutMember } from '../../../engine/quantize/config-text.js';

const TEXT = `{
  "model_type": "llama",
  "rope": { "factor": 40.0, "quantization_config": 1 },
  "text": "a, \\"b\\": {[}",
  "eps": 1e-06
}
`;

describe("changing config.json's text", () => {
  test('a new member comes last and the rest stays as it is, numbers included', () => {
    const changed = withMember(TEXT, 'quantization_config', { fmt: 'e4m3', block: [128, 128] });
    expect(JSON.parse(changed)).toEqual({
      ...JSON.parse(TEXT),
      quantization_config: { fmt: 'e4m3', block: [128, 128] },
    });
    expect(changed.startsWith(TEXT.slice(0, TEXT.lastIndexOf('\n}')))).toBe(true);
    expect(changed).toContain('\n  "quantization_config": {\n    "fmt": "e4m3",\n');
    expect(withoutMember(changed, 'quantization_config')).toBe(TEXT);
  });

  test.each(['model_type', 'rope', 'text', 'eps'])('member %s is replaced or taken out wherever it stands', (key) => {
    const { [key]: _, ...others } = JSON.parse(TEXT);
    expect(JSON.parse(withoutMember(TEXT, key))).toEqual(others);
    expect(JSON.parse(withMember(TEXT, key, [null, { a: 1 }]))).toEqual({ ...others, [key]: [null, { a: 1 }] });
    expect(withoutMember(TEXT, key)).toMatch(key === 'rope' ? /1e-06/ : /40\.0/);
  });

  test.each(['{"a":{"b":[1,{"c":2}]},"d":"}"}', '{"d":[],"a":null}', '{ "a" : 1.50 }'])('%s on one line', (text) => {
    const parsed = JSON.parse(text);
    expect(JSON.parse(withMember(text, 'new', true))).toEqual({ ...parsed, new: true });
    expect(JSON.parse(withMember(text, 'a', true))).toEqual({ ...parsed, a: true });
    const { a: _, ...others } = parsed;
    expect(JSON.parse(withoutMember(text, 'a'))).toEqual(others);
    expect(withoutMember(text, 'missing')).toBe(text);
  });
});
