#!/bin/sh
# Who may use which topic, for RabbitMQ: makes definitions of a list of users, one "NAME PASSWORD" a line.
#   ./rabbitmq-users.sh contoso < users > definitions.json      contoso: your tenant
#   rabbitmqctl import_definitions definitions.json             or load_definitions in rabbitmq.conf
# NAME is `sender`, `service`, or a device's id, which is also the device's MQTT client id. Import again to add or change;
# `rabbitmqctl delete_user NAME` shuts one out. A thousand devices take a few seconds.
#
# RabbitMQ turns a topic's slashes into dots before its permissions see it, and keeps a device's session in queues that
# bear the client id. So a device gets the queues of its own id only: with another's id it cannot read that one's pushes.
set -eu
tenant=${1:?usage: rabbitmq-users.sh TENANT < users}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="^portal\\\\.v1\\\\.$tenant\\\\."
uuid='[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

# RabbitMQ's own form: four random bytes, then SHA-256 of them and the password.
hash_of() {
  openssl rand 4 > "$work/salt"
  { cat "$work/salt"; printf %s "$1"; } | openssl dgst -sha256 -binary > "$work/hash"
  cat "$work/salt" "$work/hash" | openssl base64 -A
}

# permission NAME CONFIGURE WRITE READ: queues and the exchange. topics NAME WRITE READ: routing keys on it.
permission() { printf '%s{"user":"%s","vhost":"/","configure":"%s","write":"%s","read":"%s"}' "$comma" "$@" >> "$work/permissions"; }
topics() { printf '%s{"user":"%s","vhost":"/","exchange":"amq.topic","write":"%s","read":"%s"}' "$comma" "$@" >> "$work/topics"; }

comma=
while read -r name password; do
  printf '%s{"name":"%s","password_hash":"%s","hashing_algorithm":"rabbit_password_hashing_sha256","tags":""}' \
    "$comma" "$name" "$(hash_of "$password")" >> "$work/users"
  case $name in
  sender)
    # Any client id of its own choice that begins with its name; notifications out, what became of them in.
    queues='^mqtt-subscription-sender.*qos[01]$'
    topics sender "${root}(devices|groups)\\\\.$uuid\\\\.notifications\$" "${root}devices\\\\.([*]|$uuid)\\\\.(receipts|state|connection)\$" ;;
  service)
    queues='^mqtt-subscription-service.*qos[01]$'
    topics service "${root}devices\\\\.$uuid\\\\.(groups|actions)\$" "${root}devices\\\\.([*]|$uuid)\\\\.(receipts|state|connection)\$" ;;
  *)
    # A device: its own topics, and the groups' notifications: which groups are its own is told it, and no broker knows.
    queues="^mqtt-subscription-${name}qos[01]\$"
    topics "$name" "${root}devices\\\\.{username}\\\\.(receipts|state|connection|fence)\$" \
      "${root}(devices\\\\.{username}\\\\.(notifications|groups|actions|fence)|groups\\\\.$uuid\\\\.notifications)\$" ;;
  esac
  rest=${queues#^}
  either="^(${rest%\$}|amq\\\\.topic)\$"
  permission "$name" "$queues" "$either" "$either"
  comma=,
done

printf '{"vhosts":[{"name":"/"}],"users":[%s],"permissions":[%s],"topic_permissions":[%s]}\n' \
  "$(cat "$work/users")" "$(cat "$work/permissions")" "$(cat "$work/topics")"
