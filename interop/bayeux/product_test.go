package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A product is a server that others wrote.
type product struct {
	name     string // of the test and of the table
	library  string // as its registry has it
	sockets  bool   // whether it has WebSocket; all have long polling
	acks     bool   // whether it has the acknowledge extension
	cookies  bool   // whether it knows a browser by its cookie
	farewell bool   // whether it can tell a session to go

	// program prepares the server and tells how to start it, without its arguments.
	program func(t *testing.T) (args, env []string, lacking missing)
}

// products are all of them, in the order of the table.
func products() []*product {
	return []*product{
		{
			name: "CometD 3.1", library: "org.cometd.java:cometd-java-server", sockets: true, acks: true, cookies: true, farewell: true,
			program: java("cometd31"),
		},
		{
			name: "CometD 9", library: "org.cometd.java:cometd-java-server-http-jakarta", sockets: true, acks: true, cookies: true, farewell: true,
			program: java("cometd9"),
		},
		{
			name: "CometD for Node", library: "cometd-nodejs-server (npm)", acks: true, cookies: true, farewell: true,
			program: node("cometd.js"),
		},
		{
			name: "Faye", library: "faye (npm)", sockets: true,
			program: node("faye.js"),
		},
	}
}

func node(program string) func(t *testing.T) (args, env []string, lacking missing) {
	return func(t *testing.T) ([]string, []string, missing) {
		found, lacking := tools("node", "npm")
		if lacking != "" {
			return nil, nil, lacking
		}
		dir := installed(t, "node", []string{"package.json", "package-lock.json", ".npmrc"}, func(string) []*exec.Cmd {
			return []*exec.Cmd{exec.Command(found[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts")}
		})
		return []string{found[0], source(t, "node", program)}, append(os.Environ(), "INTEROP_INSTALLED="+dir), ""
	}
}

// javaFetch is the goal that puts a project's libraries into a folder.
const javaFetch = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

func java(program string) func(t *testing.T) (args, env []string, lacking missing) {
	return func(t *testing.T) ([]string, []string, missing) {
		found, lacking := tools("java", "javac", "mvn")
		if lacking != "" {
			return nil, nil, lacking
		}
		files := []string{"pom.xml", "Server.java", filepath.Join("..", "Control.java")}
		dir := installed(t, filepath.Join("java", program), files, func(dir string) []*exec.Cmd {
			return []*exec.Cmd{
				exec.Command(found[2], "--batch-mode", "--quiet", javaFetch, "-DoutputDirectory=lib"),
				exec.Command(found[1], "-d", ".", "-cp", filepath.Join("lib", "*"), "Server.java", "Control.java"),
			}
		})
		path := dir + string(filepath.ListSeparator) + filepath.Join(dir, "lib", "*")
		// What makes a short life short.
		flags := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"}
		return append(append([]string{found[0]}, flags...), "-cp", path, "Server"), os.Environ(), ""
	}
}
