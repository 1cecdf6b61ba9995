/** What a server says about an error, found in the shapes in which servers say it. */

/**
 * `{"error": {"message"}}` is OpenAI's; `{"error": "..."}` that of text-generation-inference, `{"message"}` SGLang's and older vLLM's,
 * `{"detail"}` that of FastAPI, a sentence or a list with places. Undefined: none of these.
 */
export function messageOfBody(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { error, message, detail } = value as Record<string, unknown>;
  for (const said of [(error as { message?: unknown } | null | undefined)?.message, error, message, detail]) {
    if (typeof said === 'string') return said;
  }
  return Array.isArray(detail) ? detail.map(renderDetail).join('; ') : undefined;
}

/** `{"loc": ["body", "max_tokens"], "msg": "..."}` */
function renderDetail(one: unknown): string {
  const { loc, msg } = (one ?? {}) as { loc?: unknown; msg?: unknown };
  const place = Array.isArray(loc) ? `${loc.join('.')}: ` : '';
  return typeof msg === 'string' ? `${place}${msg}` : JSON.stringify(one);
}
