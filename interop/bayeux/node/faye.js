'use strict';

// A Bayeux server as Faye makes it: long polling and WebSocket.

const http = require('http');
const { library, version, settings, listen } = require('./control.js');

const faye = library('faye');
const adapter = new faye.NodeAdapter({ mount: '/cometd', timeout: settings.timeout / 1000 });
const server = http.createServer();
adapter.attach(server);

// What it has no public function for is asked of its engine, which is the one in memory.
const engine = adapter._server._engine;
const subscribers = name => [...(engine._engine._channels.get(name) || [])];

listen(server, version('faye'), {
  count: name => subscribers(name).length,
  publish: (name, data) => engine.publish({ channel: name, data, id: 'theirs' }),
  drop: name => subscribers(name).filter(id => {
    engine.destroyClient(id);
    return true;
  }).length,
  disconnect: () => { throw new Error('this server cannot do it'); },
});
