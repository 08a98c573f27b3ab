# shellcheck shell=bash
# Our own broker as a process of its own, in the place of `kafka`: it exports the same variables, so that every test
# runs on either. It is the one of CONNECTD_BIN (the debug build if that is not set), which scripts/test builds.

# shellcheck source=SCRIPTDIR/kafka.sh
source "$HERE/kafka.sh"

# Half of Kafka's, since tests wait for the ends of sessions.
KAFKA_EMBEDDED_SHORTEST_SESSION_MS=3000

kafka_embedded_binary() { echo "${CONNECTD_BIN:-${CARGO_TARGET_DIR:-$REPO/target}/debug/connectd}"; }

kafka_embedded_install() {
    [ -x "$(kafka_embedded_binary)" ] \
        || die "kafka-embedded: $(kafka_embedded_binary) is not there; build it (cargo build --bin connectd), or set CONNECTD_BIN"
}

kafka_embedded_start() {
    local port
    port=$(port_for kafka-embedded "${CONNECTD_KAFKA_EMBEDDED_PORT:-}")
    launch kafka-embedded env RUST_LOG=info "$(kafka_embedded_binary)" broker \
        --listen "127.0.0.1:$port" --data "$SERVICES/data/kafka-embedded" \
        --group-min-session-timeout-ms "$KAFKA_EMBEDDED_SHORTEST_SESSION_MS"
    wait_for kafka-embedded 30 log_says kafka-embedded 'the broker is ready'
}

# It has one listener. So what a client is told by the one behind the proxy is corrected by the proxy
# (tests/harness/src/proxy.rs), for which Kafka has a listener.
kafka_embedded_exports() {
    echo "export KAFKA_SERVICE=kafka-embedded"
    echo "export KAFKA_BOOTSTRAP=127.0.0.1:$(port_of kafka-embedded)"
    echo "export KAFKA_PROXIED=127.0.0.1:$(port_of kafka-embedded)"
    echo "export KAFKA_PROXY=127.0.0.1:$(kafka_proxy_port)"
    echo "export KAFKA_SHORTEST_SESSION_MS=$KAFKA_EMBEDDED_SHORTEST_SESSION_MS"
    echo "export KAFKA_PID=$(pid_of kafka-embedded)"
}
