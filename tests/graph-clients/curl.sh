#!/usr/bin/env bash
# Plain curl, as the gateway's page shows it.
#   curl.sh URL
set -euo pipefail
url=$1
pixel=11111111-0000-4000-8000-000000000002
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }
curl --silent --fail --header 'Authorization: Bearer reader-token' "$url/v1.0/deviceManagement/managedDevices" | grep -q iPhone
[[ $(status "$url/v1.0/users") == 401 ]]
send=(--header 'Content-Type: application/json' --data '{"notificationTitle":"Office closed","notificationBody":"Work from home."}')
send+=("$url/beta/deviceManagement/managedDevices/$pixel/sendCustomNotificationToCompanyPortal")
[[ $(status --header 'Authorization: Bearer sdk-token' "${send[@]}") == 204 ]]
[[ $(status --header 'Authorization: Bearer reader-token' "${send[@]}") == 403 ]]
