#!/bin/bash
# Installs the Debian packages of tools/packages.txt that this machine lacks.
#
# Usage: tools/setup.sh [GROUP...]     groups: build analysis notebooks tests (default: all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly list=tools/packages.txt
readonly log=build/setup.log

fail() {
    echo "setup: $1" >&2
    exit "${2:-1}"
}

# The group names of the list, one a line.
known_groups() { sed -n 's/^# \[\([a-z]*\)\].*/\1/p' "$list"; }

# The packages of one group, one a line.
packages_of() {
    awk -v wanted="[$1]" '/^# \[/ { inside = ($2 == wanted); next } /^[^#]/ && NF && inside' "$list"
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Runs a command with root rights; its output goes to the log.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@" >>"$log" 2>&1
    else
        # shellcheck disable=SC2024  # the log is meant to be this user's
        sudo "$@" >>"$log" 2>&1
    fi
}

install_packages() {
    mkdir -p "$(dirname "$log")"
    : >"$log"
    as_root apt-get update || fail "apt-get update failed; see $log"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
        fail "apt-get install failed; the reason is at the end of $log"
}

main() {
    if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
        sed -n '2,4s/^# \{0,1\}//p' tools/setup.sh
        exit 0
    fi
    command -v dpkg-query >/dev/null ||
        fail "this system has no dpkg-query (not Debian?); install the equivalents of $list yourself"

    local groups=("$@") group package missing=()
    [ $# -gt 0 ] || mapfile -t groups < <(known_groups)
    for group in "${groups[@]}"; do
        known_groups | grep -qx -- "$group" ||
            fail "unknown group '$group'; the groups are: $(known_groups | tr '\n' ' ')" 2
        while read -r package; do
            is_installed "$package" || missing+=("$package")
        done < <(packages_of "$group")
    done

    if [ ${#missing[@]} -eq 0 ]; then
        echo "setup: all packages of the groups ${groups[*]} are installed"
        return
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        fail "packages are missing and this user is neither root nor has sudo; ask for: ${missing[*]}"
    fi
    echo "setup: installing ${#missing[@]} packages (log: $log): ${missing[*]}"
    install_packages "${missing[@]}"
    echo "setup: done"
}

main "$@"
