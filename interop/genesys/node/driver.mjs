// Drives the CometD client for JavaScript as it is told to, and tells what the client made of it. Each
// line of the input is a command, each line of the output its answer:
//
//   {"do": "login", "url", "user", "password"}   GET /api/v2/me with Basic credentials; the cookie and the
//                                                CSRF token are the client's from then on
//   {"do": "open", "url", "transport"}           a new client with a new cookie jar; nothing is sent
//   {"do": "handshake"}                          what the client's first handshake came to
//   {"do": "subscribe", "channel"}               the reply; after a later handshake it is done again
//   {"do": "unsubscribe", "channel"}             the reply
//   {"do": "post", "path", "body"}               with the client's cookies and token: status and body
//   {"do": "events", "n"}                        all events, once there are n
//   {"do": "sessions", "n"}                      the ids of all sessions, once there are n, subscribed
//   {"do": "failures", "n"}                      all failures of connects and handshakes, once there are n
//   {"do": "disconnect"}                         the reply
//   {"do": "close"}                              nothing is sent any more

import { createInterface } from 'node:readline';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fs from 'node:fs';

const modules = path.join(process.env.INTEROP_INSTALLED, 'node_modules');
const installed = (name, file) => import(pathToFileURL(path.join(modules, name, file)).href);
const version = (name) => JSON.parse(fs.readFileSync(path.join(modules, name, 'package.json'))).version;
const { adapt } = await installed('cometd-nodejs-client', 'cometd-nodejs-client.js');
const { CometD } = await installed('cometd', 'cometd.js');

// The jar in use is the adapter's too.
let jar = new Map();
adapt({
  cookies: {
    storeCookie(uri, header, done) {
      store(header);
      done();
    },
    retrieveCookies(context, uri, done) {
      done(null, [...jar.values()]);
    },
  },
});

function store(header) {
  const pair = header.split(';')[0].trim();
  jar.set(pair.split('=')[0], pair);
}

const patience = 20000;
let me; // the client in use, and what it told

function open(ask) {
  jar = new Map();
  const cometd = new CometD();
  cometd.unregisterTransport('websocket');
  cometd.unregisterTransport('callback-polling');
  const headers = {};
  cometd.configure({ url: ask.url + '/api/v2/notifications', requestHeaders: headers, logLevel: 'error' });
  me = { url: ask.url, cometd, headers, channels: new Set(), events: [], sessions: [], failures: [], waiting: [] };
  const mine = me;
  const failed = (m) => {
    if (m.successful) return;
    mine.failures.push({ channel: m.channel, error: m.error ?? '', status: m.failure?.httpCode ?? 0, reconnect: m.advice?.reconnect ?? '' });
    changed(mine);
  };
  cometd.addListener('/meta/handshake', (m) => {
    mine.handshake ??= m;
    failed(m);
    if (!m.successful) return;
    const id = m.clientId;
    let left = mine.channels.size;
    const done = () => {
      mine.sessions.push(id);
      changed(mine);
    };
    if (left === 0) done();
    for (const channel of mine.channels) {
      subscribe(mine, channel, (reply) => {
        if (reply.successful && --left === 0) done();
      });
    }
  });
  cometd.addListener('/meta/connect', failed);
  return { version: version('cometd'), adapter: version('cometd-nodejs-client') };
}

function subscribe(mine, channel, done) {
  const listener = mine.cometd.subscribe(channel, (m) => {
    if (m.channel.startsWith('/meta/')) return; // "/**" has the client's own traffic too
    mine.events.push({ channel: m.channel, data: m.data });
    changed(mine);
  }, done);
  mine.listeners = { ...mine.listeners, [channel]: listener };
}

// until waits for something to be so.
function until(mine, so) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it did not come: ' + so)), patience);
    const look = () => {
      if (!so()) return false;
      clearTimeout(timer);
      resolve();
      return true;
    };
    if (!look()) mine.waiting.push(look);
  });
}

function changed(mine) {
  mine.waiting = mine.waiting.filter((look) => !look());
}

async function request(method, url, headers, body) {
  const cookies = [...jar.values()].join('; ');
  const res = await fetch(url, {
    method,
    headers: { ...headers, ...(cookies && { Cookie: cookies }), ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  for (const header of res.headers.getSetCookie()) store(header);
  return { res, body: await res.json() };
}

const plain = (m) => ({ ...m, data: undefined });

const commands = {
  open: async (ask) => open(ask),
  async login(ask) {
    const basic = 'Basic ' + Buffer.from(ask.user + ':' + ask.password).toString('base64');
    const { res, body } = await request('GET', me.url + '/api/v2/me', { Authorization: basic });
    const name = res.headers.get('X-CSRF-HEADER');
    if (name) me.headers[name] = res.headers.get(name);
    return { status: res.status, body, csrf: name ?? '', cookies: [...jar.keys()].sort() };
  },
  async handshake() {
    me.cometd.handshake();
    await until(me, () => me.handshake && (me.sessions.length > 0 || me.failures.length > 0));
    return { reply: { ...plain(me.handshake), status: me.handshake.failure?.httpCode ?? 0 }, cookies: [...jar.keys()].sort() };
  },
  subscribe: (ask) => new Promise((resolve) => {
    me.channels.add(ask.channel);
    subscribe(me, ask.channel, (m) => resolve({ reply: plain(m) }));
  }),
  unsubscribe: (ask) => new Promise((resolve) => {
    me.channels.delete(ask.channel);
    me.cometd.unsubscribe(me.listeners[ask.channel], (m) => resolve({ reply: plain(m) }));
  }),
  async post(ask) {
    const { res, body } = await request('POST', me.url + ask.path, me.headers, ask.body);
    return { status: res.status, body };
  },
  async events(ask) {
    await until(me, () => me.events.length >= ask.n);
    return { events: me.events };
  },
  async sessions(ask) {
    await until(me, () => me.sessions.length >= ask.n);
    return { sessions: me.sessions };
  },
  async failures(ask) {
    await until(me, () => me.failures.length >= ask.n);
    return { failures: me.failures };
  },
  disconnect: () => new Promise((resolve) => {
    me.cometd.disconnect((m) => resolve({ reply: plain(m) }));
  }),
  async close() {
    if (!me.cometd.isDisconnected()) me.cometd.disconnect();
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = { ok: true, ...(await commands[ask.do](ask)) };
  } catch (e) {
    answer = { ok: false, error: String(e) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0); // the client may have timers of its own
