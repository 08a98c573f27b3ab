# shellcheck shell=bash
# A schema registry with Confluent's REST API: Apicurio Registry, which keeps everything in memory.

APICURIO_VERSION=3.0.9 # the last one that runs on Java 17

schema_registry_install() {
    java_need
    local dist=$SERVICES/dist/schema-registry
    [ "$(cat "$dist/version" 2>/dev/null)" = "$APICURIO_VERSION" ] && return 0
    command -v mvn >/dev/null || apt_need maven
    say "fetching Apicurio Registry $APICURIO_VERSION"
    rm -rf "$dist"; mkdir -p "$dist"
    if ! mvn -B -q dependency:copy -Dartifact="io.apicurio:apicurio-registry-app:$APICURIO_VERSION:tar.gz:all" \
        -DoutputDirectory="$dist" </dev/null >"$dist/mvn.log" 2>&1; then
        tail -n 20 "$dist/mvn.log" >&2
        die "maven could not fetch Apicurio Registry $APICURIO_VERSION"
    fi
    tar xzf "$dist"/apicurio-registry-app-*.tar.gz -C "$dist"
    rm "$dist"/apicurio-registry-app-*.tar.gz
    echo "$APICURIO_VERSION" >"$dist/version"
}

schema_registry_url() { echo "http://127.0.0.1:$(port_of schema-registry)/apis/ccompat/v7"; }

schema_registry_start() {
    local port dist=$SERVICES/dist/schema-registry jar
    port=$(port_for schema-registry "${CONNECTD_SCHEMA_REGISTRY_PORT:-}")
    jar=$(find "$dist" -name 'apicurio-registry-app-*-runner.jar' -o -name quarkus-run.jar | head -1)
    # shellcheck disable=SC2086 # the heap is a list of options
    launch schema-registry "$(find_java)" ${CONNECTD_SCHEMA_REGISTRY_HEAP:--Xms64m -Xmx320m} \
        -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
        -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 \
        -Dapicurio.rest.deletion.artifact.enabled=true -Dapicurio.rest.deletion.artifact-version.enabled=true \
        -Dquarkus.kubernetes-client.devservices.enabled=false -jar "$jar"
    wait_for schema-registry 120 schema_registry_answers
    # Confluent's default is BACKWARD, Apicurio's is NONE.
    schema_registry_request PUT /config '{"compatibility":"BACKWARD"}' \
        || die_with_log schema-registry "its compatibility could not be set"
}

schema_registry_answers() { schema_registry_request GET /subjects ''; }

# Succeeds if the registry answers with 200.
schema_registry_request() ( # METHOD PATH BODY
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$(port_of schema-registry)" || exit 1
    printf '%s /apis/ccompat/v7%s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "${#3}" "$3" >&3
    read -r -t 10 _ status _ <&3 && [ "$status" = 200 ]
)

schema_registry_exports() {
    echo "export SCHEMA_REGISTRY_SERVICE=schema-registry"
    echo "export SCHEMA_REGISTRY_URL=$(schema_registry_url)"
    echo "export SCHEMA_REGISTRY_PID=$(pid_of schema-registry)"
}
