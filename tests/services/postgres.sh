# shellcheck shell=bash
# The PostgreSQL of the distribution (15 in Debian 12, 17 in Debian 13), with TLS for those who ask for it. It refuses
# to run as root, and then runs as the user `postgres` that its package makes.

POSTGRES_USER=postgres
POSTGRES_PASSWORD=postgres

# The package starts a server of its own on port 5432 where services may start; ours has nothing to do with it.
postgres_install() {
    postgres_programs >/dev/null || apt_need postgresql
    command -v openssl >/dev/null || apt_need openssl
    postgres_programs >/dev/null || die "postgres: no programs in /usr/lib/postgresql"
}

# Prints the folder of the newest version's programs.
postgres_programs() {
    local programs
    programs=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
    [ -x "$programs" ] && dirname "$programs"
}

# Prints the words that let a command run as the server's user.
postgres_user() {
    if [ "$(id -u)" -eq 0 ]; then
        printf '%s\n' setpriv "--reuid=$POSTGRES_USER" "--regid=$POSTGRES_USER" --clear-groups
    fi
}

postgres_initialise() { # DATA AS…
    local data=$1 password=$SERVICES/run/postgres.password; shift
    rm -rf "$data"
    install -d -m 700 "$data"
    echo "$POSTGRES_PASSWORD" >"$password"
    openssl req -new -x509 -nodes -days 3650 -newkey rsa:2048 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$SERVICES/run/postgres.key" -out "$SERVICES/run/postgres.crt" >"$(log_of postgres)" 2>&1 \
        || die_with_log postgres "its certificate could not be made"
    if [ $# -gt 0 ]; then chown "$POSTGRES_USER:" "$data" "$password" "$SERVICES/run/postgres.key"; fi
    chmod 600 "$SERVICES/run/postgres.key"
    "$@" "$(postgres_programs)/initdb" -D "$data" --username="$POSTGRES_USER" --pwfile="$password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$(log_of postgres)" 2>&1 </dev/null \
        || die_with_log postgres "its data folder could not be made"
    touch "$data.ready"
}

# Data survives the death of the process, not of the machine: nobody waits for the disk.
postgres_options() { # PORT
    local option
    for option in listen_addresses=127.0.0.1 "port=$1" unix_socket_directories= ssl=on \
        "ssl_cert_file=$SERVICES/run/postgres.crt" "ssl_key_file=$SERVICES/run/postgres.key" \
        fsync=off full_page_writes=off synchronous_commit=off max_wal_size=2GB max_connections=200 timezone=UTC; do
        printf '%s\n' -c "$option"
    done
}

postgres_start() {
    local port data=$SERVICES/data/postgres as options
    mapfile -t as < <(postgres_user)
    "${as[@]}" test -x "$SERVICES" \
        || die "postgres: the user $POSTGRES_USER may not enter $SERVICES; set CONNECTD_SERVICES to another folder"
    port=$(port_for postgres "${CONNECTD_POSTGRES_PORT:-}")
    [ -e "$data.ready" ] || postgres_initialise "$data" "${as[@]}"
    mapfile -t options < <(postgres_options "$port")
    postgres_clear_after_kill "$data"
    launch postgres "${as[@]}" "$(postgres_programs)/postgres" -D "$data" "${options[@]}"
    wait_for postgres 60 log_says postgres 'ready to accept connections'
}

# After a kill the server's children still hold its memory for a moment, and a server that starts meanwhile gives up;
# so does one that finds the lock file with the number of a process that is there, be it a zombie.
postgres_clear_after_kill() { # DATA
    local id
    [ -e "$1/postmaster.pid" ] || return 0
    read -r _ id < <(sed -n 7p "$1/postmaster.pid") || true # the shared memory's key and id
    for _ in $(seq 300); do
        [ "$(postgres_attached "$id")" -gt 0 ] || break
        sleep 0.1
    done
    [ "$(postgres_attached "$id")" -eq 0 ] || die "postgres: children of the killed server do not end"
    ipcrm -m "$id" 2>/dev/null || true
    rm -f "$1/postmaster.pid"
}

# Prints how many processes are attached to a piece of shared memory.
postgres_attached() { # ID
    ipcs -m | awk -v id="$1" '$2 == id { attached = $6 } END { print attached + 0 }'
}

postgres_exports() {
    echo "export POSTGRES_HOST=127.0.0.1"
    echo "export POSTGRES_PORT=$(port_of postgres)"
    echo "export POSTGRES_USER=$POSTGRES_USER"
    echo "export POSTGRES_PASSWORD=$POSTGRES_PASSWORD"
    echo "export POSTGRES_PID=$(pid_of postgres)"
    echo "export POSTGRES_CERTIFICATE=$SERVICES/run/postgres.crt"
    echo "export POSTGRES_PROGRAMS=$(postgres_programs)"
}
