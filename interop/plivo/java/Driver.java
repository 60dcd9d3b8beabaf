import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.plivo.api.Plivo;
import com.plivo.api.PlivoClient;
import com.plivo.api.models.call.Call;
import com.plivo.api.models.conference.Conference;
import com.plivo.api.models.multipartycall.MultiPartyCall;
import com.plivo.api.models.multipartycall.MultiPartyCallParticipant;
import com.plivo.api.util.PropertyFilter;
import com.plivo.api.util.Utils;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Calls the official Java library as it is told to, and tells what the library made of it. What it
 * reads and writes is described in ../python/driver.py, but for the first step, which is
 * {"class": "MultiPartyCall"} or another one of STARTS.
 */
public final class Driver {

  private static final List<Class<?>> CLASSES =
      Arrays.asList(MultiPartyCall.class, MultiPartyCallParticipant.class, Conference.class);

  /** Where the steps can begin: of the last one a single method is needed. */
  private static final List<Class<?>> STARTS =
      Arrays.asList(MultiPartyCall.class, MultiPartyCallParticipant.class, Conference.class, Call.class);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** No option of the client moves its voice requests: the base URLs are fields of its class. */
  private static final class Redirect extends PlivoClient {
    private Redirect() {
      super("", "");
    }

    static void to(String url) {
      BASE_URL = url + "/v1/";
      VOICE_BASE_URL = BASE_URL;
      VOICE_FALLBACK1_URL = BASE_URL;
      VOICE_FALLBACK2_URL = BASE_URL;
    }
  }

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      answers.write((JSON.writeValueAsString(answer(JSON.readTree(line))) + "\n").getBytes(StandardCharsets.UTF_8));
      answers.flush();
    }
    System.exit(0); // The library's HTTP client has threads of its own.
  }

  private static ObjectNode answer(JsonNode ask) {
    ObjectNode reply = JSON.createObjectNode().put("ok", true);
    ArrayNode methods = reply.putArray("methods");
    try {
      if (ask.has("to")) {
        Redirect.to(ask.get("to").asText());
        Plivo.init(ask.get("id").asText(), ask.get("token").asText());
        reply.put("result", version());
      } else if (ask.has("surface")) {
        surface(reply.putArray("result"));
      } else if (ask.has("signatures")) {
        ArrayNode verdicts = reply.putArray("result");
        ask.get("signatures").forEach(a -> check(a, verdicts.addObject()));
      } else if (ask.has("listen")) {
        reply.put("result", listen(ask.get("listen").asText(), ask.get("token").asText()));
      } else {
        Object x = run(ask.get("steps"), methods);
        reply.put("type", x == null ? "none" : x.getClass().getSimpleName());
        // As the library writes its own objects.
        reply.set("result", PlivoClient.getObjectMapper().valueToTree(x));
      }
    } catch (Throwable e) { // whatever the library throws is what is asked for
      reply.put("ok", false).put("type", e.getClass().getSimpleName()).put("error", e.getMessage());
    }
    return reply;
  }

  /** The library takes one value of a key, and compares the method with its own constants by reference. */
  private static void check(JsonNode ask, ObjectNode verdict) {
    Map<String, String> form = new HashMap<>();
    ask.get("form").forEach(pair -> form.putIfAbsent(pair.get(0).asText(), pair.get(1).asText()));
    String url = ask.get("url").asText();
    String nonce = ask.get("nonce").asText();
    String token = ask.get("token").asText();
    String header = ask.get("header").asText();
    String method = ask.get("method").asText();
    method = ask.get("fresh").asBoolean() ? new String(method) : method.intern();
    verdict.put("valid", false);
    try {
      if (ask.get("scheme").asText().equals("v3")) {
        verdict.put("made", Utils.computeSignatureV3(url, nonce, token, method, form));
        verdict.put("valid", Utils.validateSignatureV3(url, nonce, header, token, method, form));
      } else {
        verdict.put("made", Utils.computeSignature(url, nonce, token));
        verdict.put("valid", Utils.validateSignature(url, nonce, header, token));
      }
    } catch (Exception e) { // whatever the library throws is what is asked for
      verdict.put("error", e.getClass().getSimpleName());
    }
  }

  private static String listen(String origin, String token) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      boolean valid = false;
      try {
        valid = valid(origin, token, exchange);
      } catch (Exception e) {
        System.err.println(e);
      }
      exchange.sendResponseHeaders(valid ? 200 : 403, -1);
      exchange.close();
    });
    server.start();
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static boolean valid(String origin, String token, HttpExchange exchange) throws Exception {
    Map<String, String> form = new HashMap<>();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    for (String pair : body.isEmpty() ? new String[0] : body.split("&")) {
      String[] parts = pair.split("=", 2);
      form.put(URLDecoder.decode(parts[0], "UTF-8"), URLDecoder.decode(parts[1], "UTF-8"));
    }
    String nonce = exchange.getRequestHeaders().getFirst("X-Plivo-Signature-V3-Nonce");
    String signature = exchange.getRequestHeaders().getFirst("X-Plivo-Signature-V3");
    return nonce != null && signature != null && Utils.validateSignatureV3(
        origin + exchange.getRequestURI(), nonce, signature, token, exchange.getRequestMethod(), form);
  }

  private static String version() throws Exception {
    Field f = PlivoClient.class.getDeclaredField("version");
    f.setAccessible(true);
    return (String) f.get(null);
  }

  private static void surface(ArrayNode found) {
    for (Class<?> c : CLASSES) {
      Arrays.stream(c.getDeclaredMethods())
          .filter(Driver::offers)
          .sorted(Comparator.comparing(Driver::label))
          .forEach(m -> found.add(label(m)));
    }
  }

  /** Tells a method that does something, or leads to it, from one that tells a field. */
  private static boolean offers(Method m) {
    String name = m.getName();
    boolean field = name.startsWith("get") && !name.equals("get") && !name.equals("getter") && m.getParameterCount() == 0;
    return Modifier.isPublic(m.getModifiers()) && !m.isSynthetic() && !field;
  }

  private static String label(Method m) {
    return m.getDeclaringClass().getSimpleName() + "." + m.getName() + Arrays.stream(m.getParameterTypes())
        .map(Class::getSimpleName).collect(Collectors.joining(",", "(", ")"));
  }

  private static Object run(JsonNode steps, ArrayNode methods) throws Throwable {
    Object x = null;
    Class<?> start = null;
    for (JsonNode step : steps) {
      if (step.has("class")) {
        String name = step.get("class").asText();
        start = STARTS.stream().filter(c -> c.getSimpleName().equals(name)).findFirst().get();
      } else if (step.has("item")) {
        x = ((List<?>) x).get(step.get("item").asInt());
      } else {
        x = call(start, x, step, methods);
        start = null;
      }
    }
    return x;
  }

  private static Object call(Class<?> start, Object x, JsonNode step, ArrayNode methods) throws Throwable {
    String name = step.get("call").asText();
    List<JsonNode> given = new ArrayList<>();
    if (step.has("args")) {
      step.get("args").forEach(given::add);
    }
    Class<?> c = start != null ? start : x.getClass();
    for (Method m : c.getMethods()) {
      if (!m.getName().equals(name) || m.isBridge() || Modifier.isStatic(m.getModifiers()) != (start != null)) {
        continue;
      }
      Object[] values = convert(m.getParameterTypes(), given);
      if (values == null) {
        continue;
      }
      if (CLASSES.contains(m.getDeclaringClass())) {
        methods.add(label(m));
      }
      m.setAccessible(true);
      try {
        return m.invoke(x, values);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
    throw new NoSuchMethodException(c.getSimpleName() + "." + name + " of " + given);
  }

  /** The arguments as a method wants them, or null where they do not fit. */
  private static Object[] convert(Class<?>[] types, List<JsonNode> given) {
    if (types.length != given.size()) {
      return null;
    }
    Object[] values = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      JsonNode v = given.get(i);
      if (types[i] == String.class && v.isTextual()) {
        values[i] = v.asText();
      } else if (types[i] == Boolean.class && v.isBoolean()) {
        values[i] = v.asBoolean();
      } else if ((types[i] == Integer.class || types[i] == Object.class) && v.isInt()) {
        values[i] = v.asInt();
      } else if (types[i] == Object.class && v.isTextual()) {
        values[i] = v.asText();
      } else if (types[i] == List.class && v.isArray()) {
        List<String> list = new ArrayList<>();
        v.forEach(e -> list.add(e.asText()));
        values[i] = list;
      } else if (types[i] == PropertyFilter.class && v.isObject()) {
        values[i] = filter(v);
      } else {
        return null;
      }
    }
    return values;
  }

  private static PropertyFilter<String> filter(JsonNode v) {
    PropertyFilter<String> f = new PropertyFilter<>();
    if (v.has("gt")) {
      f.greaterThan(v.get("gt").asText());
    }
    if (v.has("lt")) {
      f.lessThan(v.get("lt").asText());
    }
    if (v.has("gte")) {
      f.greaterOrEqual(v.get("gte").asText());
    }
    if (v.has("lte")) {
      f.lessOrEqual(v.get("lte").asText());
    }
    return f;
  }
}
