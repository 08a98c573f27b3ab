# shellcheck shell=bash
# Sourced by up, down, restart and consume: installing, starting and stopping one server.
#
# Every server NAME has a file NAME.sh with
#   <name>_install   fetch what is missing
#   <name>_start     launch, and return when it answers
#   <name>_exports   print its `export NAME=value` lines
# and keeps what it has under $SERVICES:
#   dist/NAME   its program            data/NAME       its data
#   run/NAME.*  pid, port, settings    logs/NAME.log   what it says

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
SERVICES=$(realpath -m "${CONNECTD_SERVICES:-$REPO/.services}")
KNOWN=(kafka kafka-embedded schema-registry-embedded kafka-secured mysql mysql-gtid postgres schema-registry elasticsearch elasticsearch-6.8 elasticsearch-7.17 elasticsearch-8 opensearch connect-jvm) # in the order of their starts

say() { echo "services: $*" >&2; }
die() { say "$*"; exit 1; }

# `die`, with what the server said last.
die_with_log() { # NAME MESSAGE
    say "$1: $2; the last lines of $(log_of "$1"):"
    tail -n 30 "$(log_of "$1")" >&2 || true
    exit 1
}

pid_file() { echo "$SERVICES/run/$1.pid"; }
log_of() { echo "$SERVICES/logs/$1.log"; }
pid_of() { cat "$(pid_file "$1")"; }

# mysql-gtid and mysql are two instances of one program, elasticsearch-6.8 is another version of elasticsearch.
load_service() { # NAME
    one_of "$1" "${KNOWN[@]}" || die "unknown service '$1'; known are: ${KNOWN[*]}"
    local file=${1%-gtid}
    # shellcheck source=/dev/null
    source "$HERE/${file%%-[0-9]*}.sh"
}

one_of() { # WORD LIST…
    local word=$1 other; shift
    for other in "$@"; do [ "$word" = "$other" ] && return 0; done
    return 1
}

# One up, down or restart at a time per data folder. Servers must not inherit descriptor 9
# (`launch` closes it), or the lock would be held for as long as they live.
lock_services() {
    mkdir -p "$SERVICES"/{dist,data,run,logs}
    exec 9>"$SERVICES/run/lock"
    flock 9
}

# shellcheck source=SCRIPTDIR/../../scripts/apt.sh
source "$REPO/scripts/apt.sh"

# ---- installing -------------------------------------------------------------------------------

java_major() { # JAVA
    "$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'
}

# Prints a Java that Kafka 4 can run on (17 or later: KIP-1013), the one of the user first.
find_java() {
    local java
    for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
        [ -x "$java" ] && [ "$(java_major "$java")" -ge 17 ] 2>/dev/null && { echo "$java"; return 0; }
    done
    return 1
}

java_need() {
    find_java >/dev/null && return 0
    apt_need default-jre-headless # 17 in Debian 12, 21 in Debian 13
    find_java >/dev/null || die "no Java 17 or later found; set JAVA_HOME"
}

# Copies the jars of Maven artifacts, with what they need at run time, to $SERVICES/dist/DIST.
# The list of artifacts is kept beside the jars, so that a new version is fetched anew.
maven_jars() { # DIST GROUP:ARTIFACT:VERSION…
    local dist=$SERVICES/dist/$1; shift
    [ "$(cat "$dist/artifacts" 2>/dev/null)" = "$*" ] && return 0
    java_need
    command -v mvn >/dev/null || apt_need maven
    say "fetching $*"
    rm -rf "$dist"; mkdir -p "$dist"
    write_pom "$@" >"$dist/pom.xml"
    if ! mvn -B -q -f "$dist/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dist/jars" \
        -DincludeScope=runtime </dev/null >"$dist/mvn.log" 2>&1; then
        tail -n 20 "$dist/mvn.log" >&2
        die "maven could not fetch $*"
    fi
    echo "$*" >"$dist/artifacts"
}

write_pom() { # GROUP:ARTIFACT:VERSION…
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>connectd</groupId><artifactId>services</artifactId><version>1</version><packaging>pom</packaging>'
    echo '<dependencies>'
    local group artifact version
    while IFS=: read -r group artifact version; do
        echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done < <(printf '%s\n' "$@")
    echo '</dependencies></project>'
}

# ---- ports ------------------------------------------------------------------------------------

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Servers that start beside each other do not listen yet when they choose: a port is theirs once it is written down.
port_of_another() { # NAME PORT
    grep -lx "$2" "$SERVICES"/run/*.port 2>/dev/null | grep -qvFx "$SERVICES/run/$1.port"
}

# Prints the port NAME: the one asked for in the environment, else the one it had before, else a
# free one below the range from which the system hands out ports to clients (32768 and up).
port_for() { # NAME [ASKED]
    (flock 8 && choose_port "$@") 8>"$SERVICES/run/ports.lock"
}

choose_port() { # NAME [ASKED]
    local file=$SERVICES/run/$1.port port=${2:-}
    if [ -n "$port" ]; then
        port_taken "$port" && die "$1: port $port was asked for, but something listens on it already"
    else
        port=$(cat "$file" 2>/dev/null || true)
        if [ -n "$port" ] && [ -n "${KEEP_PORTS:-}" ]; then
            port_taken "$port" && die "$1: something else listens on its port $port"
            echo "$port"
            return
        fi
        while [ -z "$port" ] || port_taken "$port" || port_of_another "$1" "$port"; do port=$((RANDOM % 10000 + 20000)); done
    fi
    echo "$port" >"$file"
    echo "$port"
}

port_of() { cat "$SERVICES/run/$1.port"; }

# ---- processes --------------------------------------------------------------------------------

# The pid file may be older than the last boot, and the number then belongs to something else:
# every server of ours carries a path under $SERVICES in its command line.
is_running() { # NAME
    local pid command
    pid=$(pid_of "$1" 2>/dev/null) || return 1
    # A process that becomes another program (`exec`) has no command line for a moment; a zombie has none for good,
    # nor has a thread of the system.
    for _ in $(seq 20); do
        command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") 2>/dev/null || return 1
        [ -z "$command" ] || break
        if is_zombie "$pid"; then return 1; fi
        sleep 0.05
    done
    [[ $command == *"$SERVICES/"* ]]
}

is_zombie() { grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; } # PID

# Starts a server in a session of its own, so that neither the end of the shell nor Ctrl-C ends it.
launch() { # NAME COMMAND…
    local name=$1; shift
    local log; log=$(log_of "$name")
    if [ -s "$log" ]; then cat "$log" >>"$log.old"; fi
    : >"$log"
    setsid nohup "$@" >"$log" 2>&1 </dev/null 9>&- &
    echo $! >"$(pid_file "$name")"
    # Until it has become COMMAND, `is_running` does not know it.
    for _ in $(seq 50); do is_running "$name" && break; sleep 0.1; done
}

wait_for() { # NAME SECONDS CONDITION…
    local name=$1 ticks=$(($2 * 10)) seconds=$2; shift 2
    while [ $((ticks--)) -gt 0 ]; do
        "$@" && return 0
        is_running "$name" || die_with_log "$name" "it ended while it started"
        sleep 0.1
    done
    die_with_log "$name" "it did not answer within $seconds seconds"
}

log_says() { grep -q "$2" "$(log_of "$1")" 2>/dev/null; } # NAME TEXT

# Waits up to 30 seconds until the process, and every thread of it, has closed its files and ports.
# A zombie without threads has: nobody waits for the servers' exit status where init does not.
has_ended() { # PID
    local tasks
    for _ in $(seq 300); do
        tasks=(/proc/"$1"/task/*)
        [ -e "${tasks[0]}" ] || return 0
        [ ${#tasks[@]} -eq 1 ] && is_zombie "$1" && return 0
        sleep 0.1
    done
    return 1
}

# PostgreSQL waits for its clients on TERM, and ends their sessions on INT.
stop_signal() { # NAME
    case $1 in
        postgres) echo INT ;;
        *) echo TERM ;;
    esac
}

stop_service() { # NAME [SIGNAL]
    local name=$1 signal=${2:-$(stop_signal "$1")} pid
    if is_running "$name"; then
        pid=$(pid_of "$name")
        kill -"$signal" "$pid"
        if ! has_ended "$pid"; then
            say "$name did not stop within 30 seconds: killing it"
            kill -KILL "$pid"
            has_ended "$pid" || die "$name: process $pid cannot be killed"
        fi
        say "$name stopped"
    fi
    rm -f "$(pid_file "$name")"
}
