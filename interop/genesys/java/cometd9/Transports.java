import jakarta.websocket.ContainerProvider;
import java.util.Map;
import java.util.function.Consumer;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSession;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.http.jetty.JettyHttpClientTransport;
import org.cometd.client.websocket.jakarta.WebSocketTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpCookie;

/** What is particular to CometD 9. */
final class Transports {
  private Transports() {}

  static BayeuxClient client(String url, String transport, Map<String, String> headers) throws Exception {
    if (transport.equals("websocket")) {
      return new BayeuxClient(url, new WebSocketTransport(null, null, ContainerProvider.getWebSocketContainer()));
    }
    HttpClient http = new HttpClient();
    http.start();
    return new BayeuxClient(url, new JettyHttpClientTransport(null, http) {
      @Override
      protected void customize(Request request) {
        request.headers(fields -> headers.forEach(fields::put));
      }
    });
  }

  static ClientSession.MessageListener none() {
    return m -> {};
  }

  static void subscribe(ClientSessionChannel channel, ClientSessionChannel.MessageListener listener, Consumer<Message> done) {
    channel.subscribe(listener, done::accept);
  }

  static void unsubscribe(ClientSessionChannel channel, ClientSessionChannel.MessageListener listener, Consumer<Message> done) {
    channel.unsubscribe(listener, done::accept);
  }

  static void disconnect(BayeuxClient client, Consumer<Message> done) {
    client.disconnect(done::accept);
  }

  static void putCookie(BayeuxClient client, String name, String value) {
    client.putCookie(HttpCookie.build(name, value).path("/").build());
  }

  static Object cookie(BayeuxClient client, String name) {
    return client.getCookie(name);
  }
}
