package interop_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The connection types.
const (
	polling = "long-polling"
	sockets = "websocket"
)

// A client is one that others wrote, used in one way.
type client struct {
	name      string // of the column
	library   string // as its registry has it
	version   string
	transport string
	// start makes the client ready, or tells what the machine lacks for it.
	start func(t *testing.T) (*process, missing)
}

// clients are all of them, in the order of the table.
func clients() []*client {
	java := func(name, artifact, version, transport, folder string) *client {
		return &client{
			name: name, library: "org.cometd.java:" + artifact, version: version, transport: transport,
			start: func(t *testing.T) (*process, missing) { return startJava(t, folder) },
		}
	}
	return []*client{
		{name: "JavaScript 9", library: "cometd, with cometd-nodejs-client 2.0.0 (npm)", version: "9.0.0", transport: polling, start: startNode},
		java("Java 3.1", "cometd-java-client", "3.1.5", polling, "cometd31"),
		java("Java 3.1, WebSocket", "cometd-java-websocket-javax-client", "3.1.5", sockets, "cometd31"),
		java("Java 9", "cometd-java-client-http-jetty", "9.0.0", polling, "cometd9"),
		java("Java 9, WebSocket", "cometd-java-client-websocket-jakarta", "9.0.0", sockets, "cometd9"),
	}
}

func startNode(t *testing.T) (*process, missing) {
	found, lacking := tools("node", "npm")
	if lacking != "" {
		return nil, lacking
	}
	dir := installed(t, "node", []string{"package.json", "package-lock.json", ".npmrc"}, func(string) []*exec.Cmd {
		return []*exec.Cmd{exec.Command(found[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts")}
	})
	cmd := exec.Command(found[0], "--no-deprecation", source(t, "node", "driver.mjs"))
	cmd.Env = append(os.Environ(), "INTEROP_INSTALLED="+dir)
	return launch(t, cmd), ""
}

// fetch is the goal that puts a project's libraries into a folder.
const fetch = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

func startJava(t *testing.T, folder string) (*process, missing) {
	found, lacking := tools("java", "javac", "mvn")
	if lacking != "" {
		return nil, lacking
	}
	dir := installed(t, filepath.Join("java", folder), []string{"pom.xml"}, func(string) []*exec.Cmd {
		return []*exec.Cmd{exec.Command(found[2], "--batch-mode", "--quiet", fetch, "-DoutputDirectory=lib")}
	})
	jars := filepath.Join(dir, "lib", "*")
	out := t.TempDir()
	printed, err := exec.Command(found[1], "-d", out, "-cp", jars,
		source(t, "java", "Driver.java"), source(t, "java", folder, "Transports.java")).CombinedOutput()
	require.NoErrorf(t, err, "%s", printed)
	return launch(t, exec.Command(found[0], "-Xmx256m", "-cp", out+string(filepath.ListSeparator)+jars, "Driver")), ""
}

// skip ends the test of a client for which the machine lacks something: loudly, and as a failure where
// everything has to be there.
func skip(t *testing.T, c *client, lacking missing) {
	t.Helper()
	if os.Getenv("CALLCONTROL_INTEROP") == "required" {
		require.Failf(t, "a runtime is missing", "%s needs %s", c.library, lacking)
	}
	word := fmt.Sprintf("!!! NOTHING IS SHOWN ABOUT %s: this machine lacks %s", c.library, lacking)
	fmt.Fprintln(os.Stderr, word)
	t.Skip(word)
}
