// The candidate's process: runs the generated program and answers calls of its function with plain data.

const { compileFunction } = require('node:vm');
const fs = require('node:fs');
const { receive, send, words, encode, decode, explain } = require('./channel.js');

const [, , file, entry] = process.argv;

function load() {
  const program = fs.readFileSync(file, 'utf8');
  let main;
  try {
    main = compileFunction(`${program}\n;return typeof ${entry} === "undefined" ? undefined : ${entry};`, [
      'require',
      'module',
      'exports',
    ]);
  } catch (error) {
    return ['syntax', explain(error)];
  }
  try {
    const module = { exports: {} };
    const found = main(require, module, module.exports);
    if (typeof found === 'function') return ['ready', '', found];
    return ['missing_entry_point', `the program defines no function ${entry}`];
  } catch (error) {
    return ['exception', explain(error)];
  }
}

const [state, detail, found] = load();
send('R', words(state, detail));
while (found !== undefined) {
  const { payload } = receive();
  let answer;
  try {
    answer = ['V', encode(found(...decode(payload)))];
  } catch (error) {
    answer = ['E', encode(explain(error))];
  }
  send(...answer);
}
