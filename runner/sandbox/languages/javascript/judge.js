// The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.

const { compileFunction } = require('node:vm');
const fs = require('node:fs');
const { AssertionError } = require('node:assert');
const { receive, send, words, encode, decode, explain } = require('./channel.js');

const [, , file, entry, nonce] = process.argv;

class CandidateError extends Error {}

function ask(...args) {
  send('C', encode(args));
  const { kind, payload } = receive();
  const value = decode(payload);
  if (kind === 'V') return value;
  throw new CandidateError(String(value));
}

function judge() {
  const test = fs.readFileSync(file, 'utf8');
  try {
    compileFunction(test, ['require', 'module', 'exports', entry])(require, { exports: {} }, {}, ask);
    return ['passed', ''];
  } catch (error) {
    if (error instanceof AssertionError) return ['assertion', explain(error)];
    return ['exception', error instanceof CandidateError ? error.message : explain(error)];
  }
}

send('J', words(nonce, ...judge()));
// Nothing of the test runs after the verdict; the parent ends this process.
receive();
