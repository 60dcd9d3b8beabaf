import java.net.HttpCookie;
import java.util.Map;
import java.util.function.Consumer;
import javax.websocket.ContainerProvider;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.transport.LongPollingTransport;
import org.cometd.websocket.client.WebSocketTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.api.Request;

/** What is particular to CometD 3.1. */
final class Transports {
  private Transports() {}

  static BayeuxClient client(String url, String transport, Map<String, String> headers) throws Exception {
    if (transport.equals("websocket")) {
      return new BayeuxClient(url, new WebSocketTransport(null, null, ContainerProvider.getWebSocketContainer()));
    }
    HttpClient http = new HttpClient();
    http.start();
    return new BayeuxClient(url, new LongPollingTransport(null, http) {
      @Override
      protected void customize(Request request) {
        headers.forEach(request::header);
      }
    });
  }

  static ClientSessionChannel.MessageListener none() {
    return (c, m) -> {};
  }

  static void subscribe(ClientSessionChannel channel, ClientSessionChannel.MessageListener listener, Consumer<Message> done) {
    channel.subscribe(listener, (c, m) -> done.accept(m));
  }

  static void unsubscribe(ClientSessionChannel channel, ClientSessionChannel.MessageListener listener, Consumer<Message> done) {
    channel.unsubscribe(listener, (c, m) -> done.accept(m));
  }

  static void disconnect(BayeuxClient client, Consumer<Message> done) {
    client.disconnect((c, m) -> done.accept(m));
  }

  static void putCookie(BayeuxClient client, String name, String value) {
    HttpCookie cookie = new HttpCookie(name, value);
    cookie.setVersion(0);
    cookie.setPath("/");
    client.putCookie(cookie);
  }

  static Object cookie(BayeuxClient client, String name) {
    return client.getCookie(name);
  }
}
