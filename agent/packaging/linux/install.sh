#!/bin/sh
# Installs portal-agent for this user alone. ./install.sh --uninstall takes away what it put there, and no device or journal.
set -eu
usage() { echo "usage: install.sh [--uninstall]   (PREFIX is $HOME/.local unless set)" >&2; exit 2; }
[ $# -le 1 ] || usage
case "${1-}" in "" | --uninstall) ;; *) usage ;; esac
cd "$(dirname "$0")"
prefix=${PREFIX:-$HOME/.local}
data=${XDG_DATA_HOME:-$prefix/share}
units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
# What was put where, so that exactly that is taken away, of an older version too.
list=$data/portal-agent-install/files
user_systemd() { command -v systemctl >/dev/null && systemctl --user "$@" 2>/dev/null || true; }

if [ "${1-}" = --uninstall ]; then
    [ -f "$list" ] || { echo "install.sh: nothing of portal-agent is installed below $prefix" >&2; exit 1; }
    user_systemd disable --now portal-agent.service
    while IFS= read -r file; do rm -f -- "$file"; done < "$list"
    rm -f -- "$list"
    rmdir -- "${list%/*}"
    user_systemd daemon-reload
    echo "removed; devices and journal stay in ${XDG_DATA_HOME:-$HOME/.local/share}/portal-agent until you delete them"
    exit 0
fi

mkdir -p "${list%/*}"
[ -f "$list" ] || : > "$list"
# Replaced by renaming: a daemon that runs keeps the file that it was started from.
put() {
    mkdir -p "${2%/*}"
    install -m "$3" "$1" "$2.new"
    mv -f "$2.new" "$2"
    grep -qxF "$2" "$list" || echo "$2" >> "$list"
}
changed=$(mktemp)
trap 'rm -f "$changed"' EXIT
with_path() { sed "s|$1|$2|" "$3" > "$changed"; put "$changed" "$4" 644; }

put portal-agent "$prefix/bin/portal-agent" 755
for page in share/man/*; do put "$page" "$data/man/man1/${page##*/}" 644; done
put share/completions/portal-agent.bash "$data/bash-completion/completions/portal-agent" 644
put share/completions/_portal-agent "$data/zsh/site-functions/_portal-agent" 644
put share/completions/portal-agent.fish "$data/fish/vendor_completions.d/portal-agent.fish" 644
for icon in share/icons/*.png; do
    size=${icon##*/}; size=${size%.png}
    put "$icon" "$data/icons/hicolor/${size}x$size/apps/company-portal.png" 644
done
put share/icons/company-portal.svg "$data/icons/hicolor/scalable/apps/company-portal.svg" 644
with_path '^Exec=portal-agent' "Exec=$prefix/bin/portal-agent" share/company-portal.desktop "$data/applications/company-portal.desktop"
with_path '^ExecStart=/usr/bin/portal-agent' "ExecStart=\"$prefix/bin/portal-agent\"" share/portal-agent.service "$units/portal-agent.service"
user_systemd daemon-reload
user_systemd try-restart portal-agent.service

echo "installed $("$prefix/bin/portal-agent" --version) below $prefix"
case ":$PATH:" in *":$prefix/bin:"*) ;; *) echo "hint: add $prefix/bin to PATH" ;; esac
echo "hint: systemctl --user enable --now portal-agent.service starts it with the desktop"
