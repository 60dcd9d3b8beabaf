import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;

/**
 * What both servers share: their arguments, and the commands that they read from the standard input.
 * Both are described in ../node/control.js.
 */
final class Control {

  /** Publishes data on a channel that exists. */
  interface Publisher {
    void publish(ServerChannel channel, Map<String, Object> data);
  }

  private static final String FILLING = "x".repeat(100);

  private final Map<String, Long> settings = new HashMap<>();

  Control(String[] args) {
    for (String a : args) {
      String[] pair = a.split("=");
      settings.put(pair[0], Long.parseLong(pair[1]));
    }
  }

  int port() {
    return settings.getOrDefault("port", 0L).intValue();
  }

  /** The options of either server, by the names that they have in both. */
  Map<String, String> options() {
    Map<String, String> options = new HashMap<>();
    for (String name : new String[] {"timeout", "interval", "maxInterval"}) {
      options.put(name, settings.get(name).toString());
    }
    options.put("sweepPeriod", settings.get("sweep").toString());
    options.put("ws.cometdURLMapping", "/cometd");
    return options;
  }

  void run(int port, BayeuxServerImpl bayeux, Publisher publisher) throws Exception {
    PrintStream out = System.out;
    out.println("port " + port + " version " + version());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        out.println(obey(bayeux, publisher, line.split(" ")));
      } catch (RuntimeException e) {
        out.println("error " + e);
      }
    }
    Runtime.getRuntime().halt(0); // not only when the last connection has gone
  }

  /** The version of the library, by the name of its file. */
  private static String version() {
    String file = BayeuxServerImpl.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    Matcher m = Pattern.compile("-([0-9][^/]*)[.]jar$").matcher(file);
    return m.find() ? m.group(1) : "unknown";
  }

  private static int obey(BayeuxServerImpl bayeux, Publisher publisher, String[] words) {
    String command = words[0];
    String name = words[1];
    if (command.equals("publish")) {
      return publish(bayeux, publisher, name, Long.parseLong(words[2]), Integer.parseInt(words[3]), Integer.parseInt(words[4]));
    }
    List<ServerSession> sessions = new ArrayList<>();
    if (bayeux.getChannel(name) != null) {
      sessions.addAll(bayeux.getChannel(name).getSubscribers());
    }
    switch (command) {
      case "count":
        break;
      case "drop":
        // As when they have expired. To remove them otherwise is to tell them to go.
        sessions.forEach(s -> bayeux.removeServerSession(s, true));
        break;
      case "disconnect":
        sessions.forEach(ServerSession::disconnect);
        break;
      default:
        throw new IllegalArgumentException(command);
    }
    return sessions.size();
  }

  private static int publish(BayeuxServerImpl bayeux, Publisher publisher, String name, long first, int count, int chunk) {
    for (int i = 0; i < count; i++) {
      Map<String, Object> data = new HashMap<>();
      data.put("n", first + i);
      data.put("filling", FILLING);
      publisher.publish(bayeux.createChannelIfAbsent(name).getReference(), data);
      if ((i + 1) % chunk == 0) {
        Thread.yield();
      }
    }
    return count;
  }
}
