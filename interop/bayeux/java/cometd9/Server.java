import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** A CometD 9 server in Jetty 12: long polling and WebSocket, with the acknowledge extension. */
public final class Server {

  public static void main(String[] args) throws Exception {
    Control control = new Control(args);
    org.eclipse.jetty.server.Server server = new org.eclipse.jetty.server.Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(control.port());
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    server.setHandler(context);
    context.insertHandler(WebSocketUpgradeHandler.from(server, context));

    BayeuxServerImpl bayeux = new BayeuxServerImpl();
    control.options().forEach(bayeux::setOption);
    bayeux.setOption(Context.class.getName(), context.getContext());
    bayeux.setTransports(new JettyWebSocketTransport(bayeux), new JSONHttpTransport(bayeux));
    bayeux.addExtension(new AcknowledgedMessagesExtension());
    context.setAttribute(BayeuxServer.ATTRIBUTE, bayeux);
    ServletHolder cometd = new ServletHolder(CometDServlet.class);
    cometd.setInitOrder(1);
    cometd.setAsyncSupported(true);
    context.addServlet(cometd, "/cometd/*");
    server.start();
    control.run(connector.getLocalPort(), bayeux, (channel, data) -> channel.publish(null, data, Promise.noop()));
  }
}
