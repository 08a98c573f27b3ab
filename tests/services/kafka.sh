# shellcheck shell=bash
# A single Kafka broker in KRaft mode, which is its own controller.

KAFKA_VERSION=4.3.1
LOG4J_VERSION=2.24.3

kafka_install() {
    java_need
    maven_jars kafka "org.apache.kafka:kafka_2.13:$KAFKA_VERSION" "org.apache.kafka:kafka-tools:$KAFKA_VERSION" \
        "org.apache.logging.log4j:log4j-slf4j-impl:$LOG4J_VERSION" "org.apache.logging.log4j:log4j-core:$LOG4J_VERSION"
}

kafka_classpath() { echo "$SERVICES/dist/kafka/jars/*"; }

# A client that comes in by the listener PROXIED is told to go on at the port where a test's proxy listens, which
# leads to that listener again: so all of a client's connections go through the proxy, and the test can cut them.
# The session timeout is how long a broker that was killed is refused by its own controller.
kafka_settings() { # PORT CONTROLLER_PORT PROXIED_PORT PROXY_PORT
    cat <<SETTINGS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=PLAINTEXT://127.0.0.1:$1,PROXIED://127.0.0.1:$3,CONTROLLER://127.0.0.1:$2
advertised.listeners=PLAINTEXT://127.0.0.1:$1,PROXIED://127.0.0.1:$4
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
log.dirs=$SERVICES/data/kafka
auto.create.topics.enable=true
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=268435456
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
background.threads=2
SETTINGS
}

# Nothing of ours listens there: once chosen it stays, also while a proxy does.
kafka_proxy_port() {
    [ -e "$SERVICES/run/kafka-proxy.port" ] || port_for kafka-proxy >/dev/null
    port_of kafka-proxy
}

kafka_start() {
    local port controller_port proxied_port settings=$SERVICES/run/kafka.properties java
    java=$(find_java)
    port=$(port_for kafka "${CONNECTD_KAFKA_PORT:-}")
    controller_port=$(port_for kafka-controller)
    proxied_port=$(port_for kafka-proxied)
    kafka_settings "$port" "$controller_port" "$proxied_port" "$(kafka_proxy_port)" >"$settings"
    if [ ! -e "$SERVICES/data/kafka/meta.properties" ]; then
        "$java" -Xmx128m -cp "$(kafka_classpath)" kafka.tools.StorageTool format --ignore-formatted \
            --cluster-id "$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22)" \
            --config "$settings" >"$(log_of kafka)" 2>&1 </dev/null \
            || die_with_log kafka "its storage could not be formatted"
    fi
    # shellcheck disable=SC2086 # the heap is a list of options
    launch kafka "$java" ${CONNECTD_KAFKA_HEAP:--Xms256m -Xmx512m} -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
        -Djava.awt.headless=true -Dlog4j2.configurationFile="$HERE/log4j2.properties" \
        -cp "$(kafka_classpath)" kafka.Kafka "$settings"
    wait_for kafka 90 log_says kafka 'Kafka Server started'
}

kafka_exports() {
    echo "export KAFKA_SERVICE=kafka"
    echo "export KAFKA_BOOTSTRAP=127.0.0.1:$(port_of kafka)"
    echo "export KAFKA_PROXIED=127.0.0.1:$(port_of kafka-proxied)"
    echo "export KAFKA_PROXY=127.0.0.1:$(port_of kafka-proxy)"
    echo "export KAFKA_SHORTEST_SESSION_MS=6000" # group.min.session.timeout.ms unless set
    echo "export KAFKA_PID=$(pid_of kafka)"
}
