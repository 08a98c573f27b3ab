# shellcheck shell=bash
# Sourced by scripts that need Debian packages.

# Installs those of the packages that are missing, as root or through sudo.
apt_need() { # PACKAGE…
    local missing=() package log install
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "please install: ${missing[*]}" >&2
        return 1
    fi
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
    [ "$(id -u)" -eq 0 ] || apt=(sudo "${apt[@]}")
    echo "installing ${missing[*]}" >&2
    log=$(mktemp)
    install=("${apt[@]}" install -y -q --no-install-recommends "${missing[@]}")
    # A fresh machine has no package lists, an old one has stale lists: then update and try again.
    if ! "${install[@]}" </dev/null >"$log" 2>&1 \
        && ! { "${apt[@]}" update -q && "${install[@]}"; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "apt-get could not install ${missing[*]}; all it said is in $log" >&2
        return 1
    fi
    rm -f "$log"
}
