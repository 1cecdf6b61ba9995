/** An answer that cannot fill the memory of whoever reads it. */
import { type ReadableStream, TransformStream } from 'node:stream/web';
import { Response } from 'undici';

/** The same response, whose body fails after `bytes` bytes. */
export function boundedBody(response: Response, bytes: number): Response {
  if (response.body === null) return response;
  let read = 0;
  const bounded = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        if (read > bytes) controller.error(new Error(`the answer is larger than ${bytes} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
  return new Response(bounded as unknown as ReadableStream, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}
