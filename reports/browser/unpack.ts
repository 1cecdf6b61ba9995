/** Data that the page holds compressed. */
/// <reference lib="dom" />

/** The JSON that was gzipped and written as base64 into the element `id`. Throws where the browser cannot decompress. */
export async function unpack<T>(id: string): Promise<T> {
  const text = atob(document.getElementById(id)?.textContent ?? '');
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(stream).json()) as T;
}
