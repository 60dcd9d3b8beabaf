'use strict';

// What both servers share: their arguments, and the commands that they read from the standard input,
// a line each, and answer with a line each. They end when the input does.
//
//   count CHANNEL                       how many sessions are subscribed to exactly this channel
//   publish CHANNEL FIRST COUNT CHUNK   COUNT events, numbered from FIRST; others may do their work
//                                       after each CHUNK of them
//   drop CHANNEL                        forget the sessions that are subscribed, without a word to them
//   disconnect CHANNEL                  tell those sessions to go, where the server can
//
// The answer is a number, or "error" and a reason.

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

// The libraries are not installed in this folder.
exports.library = createRequire(path.join(process.env.INTEROP_INSTALLED, 'package.json'));

exports.version = name =>
  JSON.parse(fs.readFileSync(path.join(process.env.INTEROP_INSTALLED, 'node_modules', name, 'package.json'))).version;

// Arguments are NAME=MILLISECONDS, and port=NUMBER.
exports.settings = Object.fromEntries(process.argv.slice(2).map(a => {
  const [name, value] = a.split('=');
  return [name, Number(value)];
}));

const filling = 'x'.repeat(100);

exports.listen = (server, version, commands) => {
  server.keepAliveTimeout = 60000;
  server.listen(exports.settings.port || 0, '127.0.0.1', () => {
    console.log(`port ${server.address().port} version ${version}`);
    obey(commands);
  });
};

async function obey(commands) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, channel, ...rest] = line.split(' ');
    try {
      let answer;
      if (command === 'publish') {
        const [first, count, chunk] = rest.map(Number);
        for (let i = 0; i < count; i++) {
          commands.publish(channel, { n: first + i, filling });
          if ((i + 1) % chunk === 0) {
            await new Promise(setImmediate);
          }
        }
        answer = count;
      } else {
        answer = commands[command](channel);
      }
      console.log(String(answer));
    } catch (e) {
      console.log(`error ${e}`);
    }
  }
  process.exit(0);
}
