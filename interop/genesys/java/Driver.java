import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.common.JettyJSONContextClient;

/**
 * Drives the CometD client for Java as it is told to, and tells what the client made of it. What it
 * reads and writes is described in ../node/driver.mjs. Transports is what differs between versions.
 */
public final class Driver {

  private static final long PATIENCE = 20_000;
  private static final JettyJSONContextClient JSON = new JettyJSONContextClient();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private String url;
  private BayeuxClient client;
  private final Map<String, String> headers = new ConcurrentHashMap<>();
  private final Map<String, String> cookies = new TreeMap<>(); // of the login

  // Guarded by this.
  private final Map<String, ClientSessionChannel.MessageListener> channels = new LinkedHashMap<>();
  private final List<Object> events = new ArrayList<>();
  private final List<Object> sessions = new ArrayList<>();
  private final List<Object> failures = new ArrayList<>();
  private Map<String, Object> shaken;

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Driver driver = null;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<String, Object> ask = parse(line);
      Map<String, Object> answer = new HashMap<>();
      try {
        if ("open".equals(ask.get("do"))) {
          driver = new Driver();
        }
        answer.put("ok", true);
        answer.putAll(driver.command(ask));
      } catch (Throwable e) { // whatever it is belongs into the answer
        answer.put("ok", false);
        answer.put("error", e.toString());
      }
      answers.write((JSON.getGenerator().generate(answer) + "\n").getBytes(StandardCharsets.UTF_8));
      answers.flush();
    }
    System.exit(0); // the client has threads of its own
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> parse(String text) throws Exception {
    return JSON.getParser().parse(new StringReader(text), Map.class);
  }

  private Map<String, Object> command(Map<String, Object> ask) throws Exception {
    String channel = (String) ask.get("channel");
    switch ((String) ask.get("do")) {
      case "open":
        return open((String) ask.get("url"), (String) ask.get("transport"));
      case "login":
        return login((String) ask.get("user"), (String) ask.get("password"));
      case "handshake":
        client.handshake(Transports.none());
        until("handshake", () -> shaken != null && !(sessions.isEmpty() && failures.isEmpty()));
        TreeSet<String> names = new TreeSet<>(cookies.keySet());
        if (Transports.cookie(client, "BAYEUX_BROWSER") != null) {
          names.add("BAYEUX_BROWSER");
        }
        return Map.of("reply", shaken, "cookies", names.toArray());
      case "subscribe":
        return reply(done -> subscribe(channel, done));
      case "unsubscribe":
        ClientSessionChannel.MessageListener listener;
        synchronized (this) {
          listener = channels.remove(channel);
        }
        return reply(done -> Transports.unsubscribe(client.getChannel(channel), listener, done));
      case "post":
        return post((String) ask.get("path"), ask.get("body"));
      case "events":
        return list("events", events, ((Number) ask.get("n")).intValue());
      case "sessions":
        return list("sessions", sessions, ((Number) ask.get("n")).intValue());
      case "failures":
        return list("failures", failures, ((Number) ask.get("n")).intValue());
      case "disconnect":
        return reply(done -> Transports.disconnect(client, done));
      case "close":
        client.abort();
        return Map.of();
      default:
        throw new IllegalArgumentException("unknown command");
    }
  }

  private Map<String, Object> open(String to, String transport) throws Exception {
    url = to;
    client = Transports.client(to + "/api/v2/notifications", transport, headers);
    client.getChannel(Channel.META_HANDSHAKE).addListener((ClientSessionChannel.MessageListener) (c, m) -> handshake(m));
    client.getChannel(Channel.META_CONNECT).addListener((ClientSessionChannel.MessageListener) (c, m) -> failed(m));
    return Map.of("version", BayeuxClient.class.getProtectionDomain().getCodeSource().getLocation().getPath()
        .replaceAll(".*-([0-9.]+)[.]jar$", "$1"));
  }

  /** Subscribes again after each handshake, as an application has to. */
  private void handshake(Message m) {
    failed(m);
    String id = client.getId();
    synchronized (this) {
      if (shaken == null) {
        shaken = plain(m);
      }
      if (m.isSuccessful()) {
        int[] left = {channels.size()};
        Runnable done = () -> {
          synchronized (this) {
            sessions.add(id);
            notifyAll();
          }
        };
        if (left[0] == 0) {
          done.run();
        }
        for (String channel : new ArrayList<>(channels.keySet())) {
          subscribe(channel, reply -> {
            synchronized (this) {
              if (reply.isSuccessful() && --left[0] == 0) {
                done.run();
              }
            }
          });
        }
      }
      notifyAll();
    }
  }

  private synchronized void failed(Message m) {
    if (m.isSuccessful()) {
      return;
    }
    Map<String, Object> told = plain(m);
    told.keySet().retainAll(Arrays.asList("channel", "error", "status", "reconnect"));
    failures.add(told);
    notifyAll();
  }

  private void subscribe(String channel, Consumer<Message> done) {
    ClientSessionChannel.MessageListener listener = (c, m) -> {
      if (m.getChannel().startsWith("/meta/")) {
        return; // "/**" has the client's own traffic too
      }
      Map<String, Object> event = new HashMap<>();
      event.put("channel", m.getChannel());
      event.put("data", m.getData());
      synchronized (this) {
        events.add(event);
        notifyAll();
      }
    };
    synchronized (this) {
      channels.put(channel, listener);
    }
    Transports.subscribe(client.getChannel(channel), listener, done);
  }

  private static Map<String, Object> plain(Message m) {
    Map<String, Object> told = new HashMap<>(m);
    told.remove("data");
    Object failure = told.remove("failure");
    told.put("status", 0);
    told.put("reconnect", "");
    if (failure instanceof Map) {
      Object code = ((Map<?, ?>) failure).get("httpCode");
      told.put("status", code == null ? 0 : code);
    }
    if (m.getAdvice() != null && m.getAdvice().get("reconnect") != null) {
      told.put("reconnect", m.getAdvice().get("reconnect"));
    }
    told.putIfAbsent("error", "");
    return told;
  }

  private Map<String, Object> reply(Consumer<Consumer<Message>> ask) throws Exception {
    Message[] got = new Message[1];
    ask.accept(m -> {
      synchronized (this) {
        got[0] = m;
        notifyAll();
      }
    });
    until("reply", () -> got[0] != null);
    return Map.of("reply", plain(got[0]));
  }

  private Map<String, Object> list(String name, List<Object> all, int n) throws Exception {
    until(name, () -> all.size() >= n);
    synchronized (this) {
      return Map.of(name, all.toArray());
    }
  }

  private synchronized void until(String what, BooleanSupplier so) throws Exception {
    long end = System.currentTimeMillis() + PATIENCE;
    while (!so.getAsBoolean()) {
      long left = end - System.currentTimeMillis();
      if (left <= 0) {
        throw new IOException("it did not come: " + what + ", failures " + JSON.getGenerator().generate(failures.toArray()));
      }
      wait(left);
    }
  }

  private Map<String, Object> login(String user, String password) throws Exception {
    String basic = "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    HttpResponse<String> res =
        send(HttpRequest.newBuilder(URI.create(url + "/api/v2/me")).header("Authorization", basic));
    String name = res.headers().firstValue("X-CSRF-HEADER").orElse("");
    if (!name.isEmpty()) {
      headers.put(name, res.headers().firstValue(name).orElse(""));
    }
    return Map.of("status", res.statusCode(), "body", parse(res.body()), "csrf", name, "cookies", cookies.keySet().toArray());
  }

  private Map<String, Object> post(String path, Object body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(JSON.getGenerator().generate(body)));
    headers.forEach(request::header);
    HttpResponse<String> res = send(request);
    return Map.of("status", res.statusCode(), "body", parse(res.body()));
  }

  /** Sends a request with the cookies, and gives those that come back to the client too. */
  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    if (!cookies.isEmpty()) {
      List<String> pairs = new ArrayList<>();
      cookies.forEach((name, value) -> pairs.add(name + "=" + value));
      request.header("Cookie", String.join("; ", pairs));
    }
    HttpResponse<String> res = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    for (String header : res.headers().allValues("Set-Cookie")) {
      String[] pair = header.split(";")[0].trim().split("=", 2);
      cookies.put(pair[0], pair[1]);
      Transports.putCookie(client, pair[0], pair[1]);
    }
    return res;
  }
}
