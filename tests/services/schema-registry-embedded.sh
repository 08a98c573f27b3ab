# shellcheck shell=bash
# Our own schema registry as a process of its own, in the place of `schema-registry`: it exports the same variables. It
# keeps its schemas in a topic of kafka-embedded, and is of the same binary.

# shellcheck source=SCRIPTDIR/kafka-embedded.sh
source "$HERE/kafka-embedded.sh"

schema_registry_embedded_install() { kafka_embedded_install; }

schema_registry_embedded_start() {
    is_running kafka-embedded || die "schema-registry-embedded: it needs the service kafka-embedded, which is not running"
    local port client=$SERVICES/run/schema-registry-embedded.properties
    port=$(port_for schema-registry-embedded "${CONNECTD_SCHEMA_REGISTRY_EMBEDDED_PORT:-}")
    echo "bootstrap.servers=127.0.0.1:$(port_of kafka-embedded)" >"$client"
    launch schema-registry-embedded env RUST_LOG=info "$(kafka_embedded_binary)" schema-registry \
        --listen "127.0.0.1:$port" --client-config "$client"
    wait_for schema-registry-embedded 30 log_says schema-registry-embedded 'the schema registry is ready'
}

schema_registry_embedded_exports() {
    echo "export SCHEMA_REGISTRY_SERVICE=schema-registry-embedded"
    echo "export SCHEMA_REGISTRY_URL=http://127.0.0.1:$(port_of schema-registry-embedded)"
    echo "export SCHEMA_REGISTRY_PID=$(pid_of schema-registry-embedded)"
}
