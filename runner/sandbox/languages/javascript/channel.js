// Frames on descriptor 3, shared by the candidate's and the judge's process of a JavaScript task.

const fs = require('node:fs');
const v8 = require('node:v8');

const channel = 3;

function readBytes(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const got = fs.readSync(channel, bytes, at, size - at, null);
    if (got === 0) process.exit(1);
    at += got;
  }
  return bytes;
}

function receive() {
  const size = readBytes(4).readUInt32BE(0);
  const frame = readBytes(size);
  return { kind: String.fromCharCode(frame[0]), payload: frame.subarray(1) };
}

function send(kind, payload) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1);
  head.write(kind, 4);
  const frame = Buffer.concat([head, payload]);
  for (let at = 0; at < frame.length; ) at += fs.writeSync(channel, frame, at);
}

/** Texts in the format that the parent reads. */
function words(...texts) {
  const counted = (tag, size) => {
    const head = Buffer.alloc(5);
    head.write(tag);
    head.writeUInt32BE(size, 1);
    return head;
  };
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    return [counted('s', bytes.length), bytes];
  });
  return Buffer.concat([counted('t', texts.length), ...parts]);
}

/** Structured clone: plain data without prototypes, getters or functions. */
const encode = (value) => v8.serialize(value);
const decode = (bytes) => v8.deserialize(bytes);

function explain(error) {
  try {
    return String(error?.stack ?? error)
      .split('\n')[0]
      .slice(0, 300);
  } catch {
    return 'an exception that cannot be printed';
  }
}

module.exports = { receive, send, words, encode, decode, explain };
