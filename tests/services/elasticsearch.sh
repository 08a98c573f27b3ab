# shellcheck shell=bash
# Elasticsearch, one node without security: `elasticsearch` (7.5.1), `elasticsearch-6.8`, `elasticsearch-7.17` and
# `elasticsearch-8`, each with its own program and data. It is the distribution that Elasticsearch's own tests use,
# with the module that listens and no other (no painless, no data streams). It refuses to run as root, and then runs
# as `nobody`.

ELASTICSEARCH_ARTIFACT=org.elasticsearch.distribution.integ-test-zip:elasticsearch

elasticsearch_version() { # NAME
    case $1 in
        elasticsearch) echo 7.5.1 ;;
        elasticsearch-6.8) echo 6.8.23 ;;
        elasticsearch-7.17) echo 7.17.29 ;;
        elasticsearch-8) echo 8.19.0 ;;
    esac
}

elasticsearch_install() { elasticsearch_install_version elasticsearch; }
elasticsearch_6.8_install() { elasticsearch_install_version elasticsearch-6.8; }
elasticsearch_7.17_install() { elasticsearch_install_version elasticsearch-7.17; }
elasticsearch_8_install() { elasticsearch_install_version elasticsearch-8; }

elasticsearch_install_version() { # NAME
    local version dist=$SERVICES/dist/$1 unpacked
    version=$(elasticsearch_version "$1")
    unpacked=$dist/elasticsearch-$version
    [ -e "$unpacked/unpacked" ] && return 0
    java_need
    command -v mvn >/dev/null || apt_need maven
    apt_need unzip
    say "fetching Elasticsearch $version"
    rm -rf "$dist"; mkdir -p "$dist"
    if ! mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        "-Dartifact=$ELASTICSEARCH_ARTIFACT:$version:zip" "-DoutputDirectory=$dist" \
        </dev/null >"$dist/mvn.log" 2>&1; then
        tail -n 20 "$dist/mvn.log" >&2
        die "maven could not fetch Elasticsearch $version"
    fi
    unzip -q -d "$dist" "$dist/elasticsearch-$version.zip"
    rm "$dist/elasticsearch-$version.zip"
    chmod -R a+rX "$dist"
    touch "$unpacked/unpacked"
}

elasticsearch_settings() { # NAME VERSION PORT TRANSPORT_PORT
    cat <<SETTINGS
cluster.name: $1
node.name: $1
path.data: $SERVICES/data/$1/data
path.logs: $SERVICES/data/$1/logs
network.host: 127.0.0.1
http.port: $3
transport.port: $4
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
SETTINGS
    # Java's own sandbox suffices here, and containers refuse the other one.
    case $2 in
        6.* | 7.[0-9].*) echo 'bootstrap.system_call_filter: false' ;;
        *) echo 'xpack.security.enabled: false' ;;
    esac
}

# Java 18 and later must be told that a program may set up a security manager, as all of these do.
elasticsearch_java_options() { # NAME
    printf '%s\n' ${CONNECTD_ELASTICSEARCH_HEAP:--Xms512m -Xmx512m} -XX:+UseSerialGC \
        "-Djava.io.tmpdir=$SERVICES/data/$1/tmp" -Dfile.encoding=UTF-8 -Dio.netty.noUnsafe=true \
        -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0 \
        -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Djava.awt.headless=true \
        -Djava.locale.providers=SPI,COMPAT -Djava.security.manager=allow
}

elasticsearch_start() { elasticsearch_start_version elasticsearch "${CONNECTD_ELASTICSEARCH_PORT:-}"; }
elasticsearch_6.8_start() { elasticsearch_start_version elasticsearch-6.8 "${CONNECTD_ELASTICSEARCH_6_8_PORT:-}"; }
elasticsearch_7.17_start() { elasticsearch_start_version elasticsearch-7.17 "${CONNECTD_ELASTICSEARCH_7_17_PORT:-}"; }
elasticsearch_8_start() { elasticsearch_start_version elasticsearch-8 "${CONNECTD_ELASTICSEARCH_8_PORT:-}"; }

elasticsearch_start_version() { # NAME ASKED_PORT
    local name=$1 version data=$SERVICES/data/$1 home port transport_port java as=()
    version=$(elasticsearch_version "$name")
    home=$SERVICES/dist/$name/elasticsearch-$version
    port=$(port_for "$name" "$2")
    transport_port=$(port_for "$name-transport")
    mkdir -p "$data"/{config,data,logs,tmp}
    cp "$home/config/log4j2.properties" "$data/config/"
    elasticsearch_settings "$name" "$version" "$port" "$transport_port" >"$data/config/elasticsearch.yml"
    elasticsearch_java_options "$name" >"$data/config/jvm.options"
    if [ "$(id -u)" -eq 0 ]; then
        as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
        chown -R nobody:nogroup "$data"
        "${as[@]}" test -x "$SERVICES" -a -r "$home/bin/elasticsearch" \
            || die "$name: the user nobody may not read $SERVICES; set CONNECTD_SERVICES to another folder"
    fi
    java=$(readlink -f "$(find_java)")
    java=${java%/bin/java}
    launch "$name" env -C "$data" "JAVA_HOME=$java" "ES_JAVA_HOME=$java" "ES_PATH_CONF=$data/config" \
        "ES_TMPDIR=$data/tmp" "${as[@]}" "$home/bin/elasticsearch"
    wait_for "$name" 120 elasticsearch_answers "$port"
    elasticsearch_pid "$port" >"$(pid_file "$name")"
}

elasticsearch_answers() { # PORT
    local status
    status=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/_cluster/health?wait_for_status=yellow") || return 1
    [ "$status" = 200 ]
}

# The server's process: from 8 on the script starts a launcher, which starts the server.
elasticsearch_pid() { # PORT
    local socket file
    socket=$(awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && index($2, port) { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6)
    # Processes come and go meanwhile, which `find` complains about.
    file=$(find /proc/[0-9]*/fd -lname "socket:\[$socket\]" -print -quit 2>/dev/null) || true
    [ -n "$file" ] || die "nobody listens on port $1"
    cut -d / -f 3 <<<"$file"
}

elasticsearch_exports() { elasticsearch_exports_of elasticsearch ELASTICSEARCH; }
elasticsearch_6.8_exports() { elasticsearch_exports_of elasticsearch-6.8 ELASTICSEARCH_6_8; }
elasticsearch_7.17_exports() { elasticsearch_exports_of elasticsearch-7.17 ELASTICSEARCH_7_17; }
elasticsearch_8_exports() { elasticsearch_exports_of elasticsearch-8 ELASTICSEARCH_8; }

elasticsearch_exports_of() { # NAME VARIABLE
    echo "export $2_URL=http://127.0.0.1:$(port_of "$1")"
    echo "export $2_PID=$(pid_of "$1")"
}
