#!/usr/bin/env bash
# A permission that is denied withholds a push: with the command line alone.
set -euo pipefail
agent=${PORTAL_AGENT:-portal-agent}
PORTAL_AGENT_STATE_DIR=$(mktemp -d)
export PORTAL_AGENT_STATE_DIR
ready=$PORTAL_AGENT_STATE_DIR/ready.json

"$agent" run --embedded-broker --notifier console --quiet --ready-file "$ready" &
trap '"$agent" stop; wait; rm -rf "$PORTAL_AGENT_STATE_DIR"' EXIT
# By file; `"$agent" status --wait` waits as well.
until [ -s "$ready" ]; do kill -0 $! && sleep 0.1; done

"$agent" enroll --user adele@contoso.example
"$agent" app install
"$agent" permission deny

# Exit code 1, and with it the end of this script, unless the push is withheld for this reason.
"$agent" push "Office closed" "Work from home." --expect withheld --expect notificationsPermitted

"$agent" permission allow
"$agent" push "Office closed" "Work from home." --expect presented
echo "as expected"
