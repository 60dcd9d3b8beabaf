import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.CometDServlet;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.jsr356.server.deploy.WebSocketServerContainerInitializer;

/** A CometD 3.1 server in Jetty 9.4: long polling and WebSocket, with the acknowledge extension. */
public final class Server {

  public static void main(String[] args) throws Exception {
    Control control = new Control(args);
    org.eclipse.jetty.server.Server server = new org.eclipse.jetty.server.Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(control.port());
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler(server, "/");
    WebSocketServerContainerInitializer.initialize(context);
    ServletHolder cometd = new ServletHolder(CometDServlet.class);
    control.options().forEach(cometd::setInitParameter);
    cometd.setInitOrder(1);
    cometd.setAsyncSupported(true);
    context.addServlet(cometd, "/cometd/*");
    server.start();
    BayeuxServerImpl bayeux = (BayeuxServerImpl) context.getServletContext().getAttribute(BayeuxServer.ATTRIBUTE);
    bayeux.addExtension(new AcknowledgedMessagesExtension());
    control.run(connector.getLocalPort(), bayeux, (channel, data) -> channel.publish(null, data));
  }
}
