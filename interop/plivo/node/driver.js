'use strict';

// Calls the official Node library as it is told to, and tells what the library made of it. What it
// reads and writes is described in ../python/driver.py.

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');
const querystring = require('querystring');
const readline = require('readline');
const tls = require('tls');
const { createRequire } = require('module');

const installed = createRequire(path.join(process.env.INTEROP_INSTALLED, 'package.json'));
const plivo = installed('plivo');
const axios = createRequire(installed.resolve('plivo'))('axios');
const { version } = JSON.parse(
  fs.readFileSync(path.join(process.env.INTEROP_INSTALLED, 'node_modules', 'plivo', 'package.json')));

// No option of the client moves its voice requests: "https://api..." stands in the code. They go
// through the agent that the library sets as its HTTP client's default, so that one is replaced. It
// connects to the fake server instead, and trusts that server's certificate and no other.
let target;
class Redirected extends https.Agent {
  createConnection(options, connected) {
    return tls.connect({ host: target.hostname, port: target.port, ca: target.ca }, connected);
  }
}
const agent = new Redirected({ keepAlive: false });
axios.defaults.httpsAgent = agent;

function redirect(ask) {
  const url = new URL(ask.to);
  target = { hostname: url.hostname, port: Number(url.port), ca: fs.readFileSync(ask.ca) };
  return new plivo.Client(ask.id, ask.token);
}

// What an application can get hold of: the client's two interfaces, and what its lists are made of.
const { MultiPartyCallInterface, MultiPartyCall } = installed('plivo/dist/resources/multiPartyCall.js');
const { ConferenceInterface } = installed('plivo/dist/resources/conferences.js');
const classes = { MultiPartyCallInterface, MultiPartyCall, ConferenceInterface };

function surface() {
  const found = [];
  for (const [name, cls] of Object.entries(classes)) {
    for (const method of Object.getOwnPropertyNames(cls.prototype)) {
      if (method !== 'constructor') found.push(`${name}.${method}`);
    }
  }
  return found;
}

// A list is an array with one property more.
function plain(x) {
  if (Array.isArray(x) && 'meta' in x) return { objects: [...x], meta: x.meta };
  return x === undefined ? null : x;
}

async function run(client, steps, methods) {
  let x = client;
  for (const step of steps) {
    if ('item' in step) {
      x = x[step.item];
      continue;
    }
    const names = step.call.split('.');
    const name = names.pop();
    for (const n of names) x = x[n];
    methods.push(`${x.constructor.name}.${name}`);
    x = await x[name](...(step.args || []));
  }
  return x;
}

// What the library computes while it validates is known to nobody but the HMAC that it makes.
let made;
const { createHmac } = crypto;
crypto.createHmac = (...args) => {
  const hmac = createHmac(...args);
  const digest = hmac.digest.bind(hmac);
  hmac.digest = (encoding) => {
    made = digest(encoding);
    return made;
  };
  return hmac;
};

function check(ask) {
  const form = {};
  for (const [key, value] of ask.form) {
    form[key] = key in form ? [].concat(form[key], value) : value;
  }
  made = undefined;
  const verdict = { valid: false };
  try {
    verdict.valid = ask.scheme === 'v3'
      ? plivo.validateV3Signature(ask.method, ask.url, ask.nonce, ask.token, ask.header, form)
      : plivo.validateSignature(ask.url, ask.nonce, ask.header, ask.token);
  } catch (e) {
    verdict.error = e.constructor.name;
  }
  verdict.made = made;
  return verdict;
}

function listen(ask) {
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const valid = plivo.validateV3Signature(
      request.method, ask.listen + request.url, request.headers['x-plivo-signature-v3-nonce'] || '', ask.token,
      request.headers['x-plivo-signature-v3'] || '', querystring.parse(body));
    response.writeHead(valid ? 200 : 403).end();
  });
  server.unref(); // The driver ends with its input.
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

async function answer(ask, state) {
  const reply = { ok: true, methods: [] };
  try {
    if ('to' in ask) {
      state.client = redirect(ask);
      reply.result = version;
    } else if ('surface' in ask) {
      reply.result = surface();
    } else if ('signatures' in ask) {
      reply.result = ask.signatures.map(check);
    } else if ('listen' in ask) {
      reply.result = await listen(ask);
    } else {
      const x = await run(state.client, ask.steps, reply.methods);
      reply.type = x === undefined || x === null ? 'none' : x.constructor.name;
      reply.result = plain(x);
      // As the library left them.
      reply.args = ask.steps.map((step) => step.args || []);
    }
  } catch (e) {
    reply.ok = false;
    reply.type = e instanceof Error ? e.constructor.name : typeof e;
    reply.error = e instanceof Error ? String(e.message) : String(e);
    if (e && e.status) reply.status = e.status;
  }
  return reply;
}

async function main() {
  const state = {};
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line), state)) + '\n');
  }
}

main();
