# shellcheck shell=bash
# Kafka Connect's own distributed worker with Debezium's MySQL source and JDBC sink and Apicurio's Avro converter, on
# `kafka`: what the parity tests and the benchmark compare with.

source "$HERE/kafka.sh"
DEBEZIUM_VERSION=3.6.1.Final
DEBEZIUM_JDBC_VERSION=3.5.0.Final
APICURIO_CONVERTER_VERSION=2.6.13.Final

connect_jvm_install() {
    java_need
    maven_jars connect "org.apache.kafka:connect-runtime:$KAFKA_VERSION" "org.apache.kafka:connect-json:$KAFKA_VERSION" \
        "org.apache.kafka:connect-transforms:$KAFKA_VERSION" "org.apache.kafka:connect-file:$KAFKA_VERSION" \
        "org.apache.logging.log4j:log4j-slf4j-impl:$LOG4J_VERSION" "org.apache.logging.log4j:log4j-core:$LOG4J_VERSION"
    maven_jars debezium-mysql "io.debezium:debezium-connector-mysql:$DEBEZIUM_VERSION"
    maven_jars debezium-jdbc "io.debezium:debezium-connector-jdbc:$DEBEZIUM_JDBC_VERSION"
    maven_jars apicurio-converter "io.apicurio:apicurio-registry-utils-converter:$APICURIO_CONVERTER_VERSION"
    connect_jvm_plugin debezium-mysql
    connect_jvm_plugin debezium-jdbc
    connect_jvm_plugin apicurio-converter
    connect_jvm_manifests apicurio-converter
    maven_jars connect-mirror "org.apache.kafka:connect-mirror:$KAFKA_VERSION"
    connect_jvm_foreign_plugin
}

# MirrorMaker's connectors, which connectd does not have: only for workers that ask for them (connect-jvm-worker).
connect_jvm_foreign_plugin() {
    local plugin=$SERVICES/dist/connect-foreign-plugins/connect-mirror
    mkdir -p "$plugin"
    ln -sf "$SERVICES/dist/connect-mirror/jars"/connect-mirror-*.jar "$plugin/"
}

# The plugin's own jars, without those that the worker brings and the drivers of databases that are not here. Hibernate,
# of the JDBC sink, asks Jackson for all modules, and finds the worker's, which fit the worker's Jackson only.
connect_jvm_plugin() { # DIST
    local plugin=$SERVICES/dist/connect-plugins/$1 jar
    rm -rf "$plugin"; mkdir -p "$plugin"
    for jar in "$SERVICES/dist/$1"/jars/*.jar; do
        case ${jar##*/} in
            jackson-*) [ "$1" = debezium-jdbc ] || ln -s "$jar" "$plugin/" ;;
            connect-api-* | connect-json-* | connect-transforms-* | connect-runtime-* | kafka-clients-*) ;;
            slf4j-api-* | log4j* | logback* | lz4-java* | snappy-java* | zstd-jni*) ;;
            ojdbc* | mssql-jdbc*) ;;
            *) ln -s "$jar" "$plugin/" ;;
        esac
    done
}

# Apicurio's jars have no manifests, without which service_load does not find their classes. Kafka's own tool looks the
# classes up and writes a jar of manifests, which is kept with the others.
connect_jvm_manifests() { # DIST
    local dist=$SERVICES/dist/$1 plugin=$SERVICES/dist/connect-plugins/$1 made=connect-plugin-path-shim-1.0.0.jar
    [ ! -e "$plugin/$made" ] || return 0
    if ! "$(find_java)" -Xmx256m -Dlog4j2.configurationFile="$HERE/log4j2-tools.properties" -cp "$(kafka_classpath)" \
        org.apache.kafka.tools.ConnectPluginPath sync-manifests --plugin-location "$plugin" \
        </dev/null >"$dist/manifests.log" 2>&1 || [ ! -e "$plugin/$made" ]; then
        tail -n 20 "$dist/manifests.log" >&2
        die "no manifests could be made for $1"
    fi
    mv "$plugin/$made" "$dist/jars/"
    ln -s "$dist/jars/$made" "$plugin/"
}

# service_load finds plugins by their manifests (KIP-898) and saves the scan of every class.
connect_jvm_settings() { # PORT
    cat <<SETTINGS
bootstrap.servers=127.0.0.1:$(port_of kafka)
listeners=http://127.0.0.1:$1
group.id=connect-jvm
config.storage.topic=connect-jvm-configs
offset.storage.topic=connect-jvm-offsets
status.storage.topic=connect-jvm-status
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
offset.flush.interval.ms=5000
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
plugin.path=$SERVICES/dist/connect-plugins
plugin.discovery=service_load
SETTINGS
}

# Puts what starts a worker into COMMAND. HEAP are java options.
connect_jvm_command() { # PROPERTIES HEAP
    # shellcheck disable=SC2206 # the heap is a list of options
    COMMAND=("$(find_java)" ${CONNECTD_CONNECT_JVM_HEAP:-$2} -Djava.awt.headless=true
        -Dlog4j2.configurationFile="$HERE/log4j2.properties"
        -cp "$SERVICES/dist/connect/jars/*" org.apache.kafka.connect.cli.ConnectDistributed "$1")
}

connect_jvm_start() {
    is_running kafka || die "connect-jvm: it needs the service kafka, which is not running"
    local port settings=$SERVICES/run/connect-jvm.properties
    port=$(port_for connect-jvm "${CONNECTD_CONNECT_JVM_PORT:-}")
    connect_jvm_settings "$port" >"$settings"
    connect_jvm_command "$settings" "-Xms256m -Xmx1g"
    launch connect-jvm "${COMMAND[@]}"
    wait_for connect-jvm 120 connect_jvm_answers "$port"
}

# GET /connectors is 200 only when the worker has read its topics and joined its group.
connect_jvm_answers() ( # PORT
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET /connectors HTTP/1.0\r\n\r\n' >&3
    read -r -t 10 _ status _ <&3 && [ "$status" = 200 ]
)

connect_jvm_exports() {
    echo "export CONNECT_JVM_URL=http://127.0.0.1:$(port_of connect-jvm)"
    echo "export CONNECT_JVM_PID=$(pid_of connect-jvm)"
}
