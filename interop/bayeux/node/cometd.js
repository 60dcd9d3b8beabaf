'use strict';

// A CometD server as cometd-nodejs-server makes it: long polling, with the acknowledge extension.

const http = require('http');
const { library, version, settings, listen } = require('./control.js');

const cometd = library('cometd-nodejs-server').createCometDServer({
  timeout: settings.timeout,
  interval: settings.interval,
  maxInterval: settings.maxInterval,
  sweepPeriod: settings.sweep,
});
const { AcknowledgedMessagesExtension } = library('cometd-nodejs-server/ack-extension');
cometd.addExtension(new AcknowledgedMessagesExtension());

const subscribers = name => {
  const channel = cometd.getServerChannel(name);
  return channel ? channel.subscribers : [];
};

listen(http.createServer(cometd.handle), version('cometd-nodejs-server'), {
  count: name => subscribers(name).length,
  publish: (name, data) => cometd.createServerChannel(name).publish(null, data),
  // As the server itself does when a session expires.
  drop: name => subscribers(name).filter(s => {
    s._scheduleExpiration(0, -1);
    s._sweep();
    return true;
  }).length,
  disconnect: name => subscribers(name).filter(s => s.disconnect()).length,
});
