/** Memory that is used again and again and only grows, so that a conversion's peak does not depend on when it is collected. */
export class GrowingBuffer {
  private memory = new ArrayBuffer(0);

  /** The first `bytes` bytes; what they held before is undefined. */
  take(bytes: number): Uint8Array {
    if (this.memory.byteLength < bytes) this.memory = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
    return new Uint8Array(this.memory, 0, bytes);
  }
}
