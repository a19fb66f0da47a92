import static org.junit.jupiter.api.Assertions.assertTrue;
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.util.regex.*;
import org.junit.jupiter.api.Test;
/** A permission that is denied withholds a push: JUnit and the JDK (17 or newer) alone. */
class DeniedTest {
    private static String find(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().findFirst().orElseThrow().group(1);
    }
    private static String call(String url, String token, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + token);
        if (body != null) request.POST(HttpRequest.BodyPublishers.ofString(body)).header("Content-Type", "application/json");
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }
    @Test void aDeniedPermissionWithholdsAPush() throws Exception {
        String agent = System.getenv().getOrDefault("PORTAL_AGENT", "portal-agent"), dir = Files.createTempDirectory("agent").toString();
        Process daemon = new ProcessBuilder(agent, "--state-dir", dir, "run", "--json", "--embedded-broker", "--notifier", "console").start();
        try {
            String ready = daemon.inputReader().readLine(), token = find("\"token\":\"(.*?)\"", Files.readString(Path.of(dir, "control.json")));
            String phone = find("\"control\":\"(.*?)\"", ready) + "/v1/devices/" + find("\"devices\":\\[\"(.*?)\"", ready);
            call(phone + "/enroll", token, "{\"user\":\"adele@contoso.example\"}");
            for (String change : new String[] {"/app/install", "/permission/deny"}) call(phone + change, token, "{}");
            call(phone + "/push", token, "{\"id\":\"one\",\"notificationTitle\":\"Office closed\",\"notificationBody\":\"Work from home.\"}");
            call(phone + "/wait?condition=outcome=withheld&notification=one&timeout=30s", token, null);
            assertTrue(call(phone + "/receipts?id=one", token, null).contains("\"unmet\":[\"notificationsPermitted\"]"));
        } finally { daemon.destroy(); daemon.waitFor(); }
    }
}
