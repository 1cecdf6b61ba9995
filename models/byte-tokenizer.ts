/** The smallest tokenizer that every suite accepts: one token per byte, and one for each answer letter after a space. */

const ANSWER_LETTERS = ['A', 'B', 'C', 'D'];

/** tokenizer.json and tokenizer_config.json of a byte-level BPE without learned merges, BOS added by rule. */
export function byteTokenizer(bosId: number, eosId: number): { tokenizer: object; tokenizerConfig: object } {
  const vocab: Record<string, number> = {};
  for (let byte = 0; byte < 256; ++byte) vocab[printable(byte)] = byte;
  const space = printable(0x20);
  ANSWER_LETTERS.forEach((letter, i) => {
    vocab[space + letter] = eosId + 1 + i;
  });
  const special = (id: number, content: string) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [special(bosId, '<s>'), special(eosId, '</s>')],
      normalizer: null,
      pre_tokenizer: { ...byteLevel, use_regex: true },
      post_processor: { ...byteLevel, use_regex: true },
      decoder: { ...byteLevel, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab,
        merges: ANSWER_LETTERS.map((letter) => `${space} ${letter}`),
      },
    },
    tokenizerConfig: { add_bos_token: true, add_eos_token: false, bos_token: '<s>', eos_token: '</s>' },
  };
}

/** GPT-2's printable stand-in for a byte. */
function printable(byte: number): string {
  const plain = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
  if (plain(byte)) return String.fromCharCode(byte);
  let stand = 256;
  for (let b = 0; b < byte; ++b) if (!plain(b)) ++stand;
  return String.fromCharCode(stand);
}
