// Command ferretdb speaks the MongoDB protocol in front of a PostgreSQL that has DocumentDB, for
// development and tests. Its own releases cannot be installed with `go install`; embedding can.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to serve the MongoDB protocol on")
	postgres := flag.String("postgres", "", "URL of the PostgreSQL with DocumentDB")
	state := flag.String("state", "", "folder for what it keeps of itself")
	flag.Parse()

	telemetry := false
	server, err := ferretdb.New(&ferretdb.Config{
		ListenAddr:    *listen,
		PostgreSQLURL: *postgres,
		StateDir:      *state,
		LogLevel:      slog.LevelError,
		LogOutput:     os.Stderr,
		Telemetry:     &telemetry,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server.Run(ctx)
}
