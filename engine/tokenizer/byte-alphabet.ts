/** The printable characters that byte-level vocabularies write bytes as (GPT-2's bytes_to_unicode). */

function buildAlphabet(): string[] {
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** The character of each byte. */
export const byteChars: readonly string[] = buildAlphabet();

/** The byte of each character in the alphabet. */
export const charBytes: ReadonlyMap<string, number> = new Map(byteChars.map((char, byte) => [char, byte]));
